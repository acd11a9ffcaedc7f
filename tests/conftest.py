"""What all tests share: the reference material beside the project, and shape and dtype checks of every signature."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from jaxtyping import install_import_hook

# jaxtyping annotations are checked in tests only. Before the modules are imported.
CHECKED = [
    "model.attention", "model.attention_choice", "model.block", "model.decoder", "model.fast_attention",
    "model.generation", "model.head", "model.regularisation", "model.rotary", "model.row_attention", "model.sampling",
    "model.tree_likelihood",
    "train.loss", "train.step",
]  # fmt: skip
install_import_hook([f"commit_llm.{name}" for name in CHECKED], "beartype.beartype")

pytest_plugins = ["tests.tiers", "tests.browser"]

# Many tests compile the same few programs: keep them, between processes too, for as long as the session lasts.
if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker takes the folder of the process that started it
    COMPILED = tempfile.TemporaryDirectory(prefix="commit-llm-tests-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = COMPILED.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"

# The hub's libraries read it once, when they are imported.
os.environ["HF_HUB_OFFLINE"] = "1"

# A product of a bool and a float, say, is an error here, and in the programs that tests start.
os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"

# A slow machine is no failure.
hypothesis.settings.register_profile("commit-llm", deadline=None)
hypothesis.settings.load_profile("commit-llm")

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"


class Shared:
    """The folder of reference material: ../shared, or wherever COMMIT_SHARED says."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def golden(self, name: str) -> Path:
        return self.path / "reference" / "golden" / name

    def data(self, name: str) -> Path:
        return self.path / "data" / name

    def golden_json(self, name: str) -> Any:
        text = self.golden(name).read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()] if name.endswith("l") else json.loads(text)

    def contexts(self, language: str) -> list[dict[str, str]]:
        """The 240 XQuAD contexts of a language, as records."""
        data = json.loads(self.data(f"xquad/xquad.{language}.json").read_text(encoding="utf-8"))["data"]
        return [{"text": paragraph["context"]} for article in data for paragraph in article["paragraphs"]]


@pytest.fixture(scope="session")
def shared() -> Shared:
    path = Path(os.environ.get("COMMIT_SHARED", ROOT.parent / "shared"))
    if not path.is_dir():
        pytest.skip(f"no reference material at {path}; set COMMIT_SHARED to its folder")
    return Shared(path)


@pytest.fixture(scope="session")
def llama(shared: Shared) -> Any:
    """The LLaMA tokenizer."""
    from commit_llm.data.tokenizer import load_tokenizer

    return load_tokenizer(shared.data("tokenizer/tokenizer.model"))


@pytest.fixture(scope="session")
def alpaca_999(shared: Shared) -> list[dict[str, str]]:
    from commit_llm.files.records import read_records

    return read_records(shared.data("alpaca/alpaca_demo_999.json"))


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart's world with fewer people: 324 instructions, 108 questions, dictionary, model folder.

    The model has what larger ones have: fewer heads of keys than of queries, and room for a long prompt.
    """
    from commit_llm.quickstart.example import write_example

    folder = tmp_path_factory.mktemp("example")
    write_example(folder, seed=0, training_people=81, test_people=27)
    config = folder / "model" / "config.json"
    larger = {"num_key_value_heads": 2, "max_position_embeddings": 2048}
    config.write_text(json.dumps(json.loads(config.read_text()) | larger), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def paragraphs(example, tmp_path_factory):
    """The example's questions, those of a person under one paragraph: there are answers to choose from."""
    folder = tmp_path_factory.mktemp("paragraphs")
    for language in ("en", "el"):
        text = (example / f"xquad.{language}.json").read_text(encoding="utf-8")
        given = json.loads(text)["data"][0]["paragraphs"]
        joined = [
            {
                "context": given[start]["context"],
                "qas": [asked for paragraph in given[start : start + 4] for asked in paragraph["qas"]],
            }
            for start in range(0, len(given), 4)
        ]
        data = {"data": [{"title": "people", "paragraphs": joined}]}
        (folder / f"xquad.{language}.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches for the hub, or asks whether it answers, which takes too long on a busy machine."""
    monkeypatch.setattr("commit_llm.files.hub_reach._REACHES", {})
    monkeypatch.setattr("commit_llm.files.hub_reach.hub_answers", lambda: True)


TINY = {"vocab_size": 32000, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}


def golden_model(shared: Shared) -> Any:
    """Configuration and initial parameters, as fp32."""
    import ml_dtypes
    import numpy as np

    from commit_llm.convert.easylm import from_easylm
    from commit_llm.model.config import ModelConfig

    config = ModelConfig(**TINY, num_attention_heads=4, num_key_value_heads=4, head_dim=16)
    bits = np.load(shared.golden("tiny_init_params_bf16bits.npz"))
    arrays = {name: bits[name].view(ml_dtypes.bfloat16).astype(np.float32) for name in bits.files}
    return config, from_easylm(arrays, config)


@pytest.fixture(scope="session")
def tiny(shared: Shared) -> Any:
    """The golden model."""
    return golden_model(shared)
