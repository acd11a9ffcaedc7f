"""The walking chain on real input: Alpaca, MUSE, the LLaMA tokenizer, XQuAD; from the command line to scores."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.logs import read_metrics
from commit_llm.train.lineage import history_of
from commit_llm.train.model_source import open_model

MODEL = {
    "model_type": "llama", "vocab_size": 32000, "hidden_size": 64, "intermediate_size": 176, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
}  # fmt: skip

pytestmark = [pytest.mark.slow, pytest.mark.optimised]


@pytest.fixture(scope="module")
def flags(shared, tmp_path_factory):
    """A two-layer model from scratch, rows of 128 tokens."""
    model = tmp_path_factory.mktemp("model")
    (model / "config.json").write_text(json.dumps(MODEL))
    values = {
        "tokenizer": shared.data("tokenizer/tokenizer.model"),
        "batch-size": 4,
        "seq-len": 128,
        "learning-rate": 2e-3,
    }
    common = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    return {"common": common, "scratch": [*common, "--model", str(model), "--from-scratch"]}


@pytest.fixture(scope="module")
def chain(shared, flags, tmp_path_factory):
    """`commit-llm run commit-2024` as a user would type it."""
    out = tmp_path_factory.mktemp("chain") / "out"
    argv = ["run", "commit-2024", *flags["scratch"], "--steps", "150", "--warmup-steps", "20", "--out", str(out)]
    argv += ["--data", str(shared.data("alpaca/alpaca_1807.jsonl")), "--dictionary", str(shared.data("muse/en-el.txt"))]
    argv += ["--tasks", "ogx_xquad_el", "--data-dir", str(shared.data("xquad")), "--limit", "20"]
    assert main(argv) == 0
    return out


def test_the_loss_falls(chain):
    lines = read_metrics(chain / "run")
    losses = [line["loss"] for line in lines]
    assert (lines[0]["step"], lines[-1]["step"]) == (1, 150)
    assert losses[0] == pytest.approx(np.log(32000), rel=0.01)
    assert np.mean(losses[-5:]) < losses[0] - 3


def test_twenty_questions_are_answered_and_scored(chain):
    result = json.loads((chain / "eval" / "results.json").read_text())["tasks"]["ogx_xquad_el"]
    assert result["items"] == 20
    assert 0 <= result["exact_match"] <= result["f1"] <= 100
    rows = [json.loads(line) for line in (chain / "eval" / "predictions.jsonl").read_text().splitlines()]
    assert len(rows) == 20
    assert rows[0]["id"] == "56beb4343aeaaa14008c925b"
    assert any(row["prediction"] for row in rows)


@pytest.mark.parity
@pytest.mark.filterwarnings("default")
def test_transformers_loads_the_export_and_agrees(chain):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    from commit_llm.model.decoder import forward
    from commit_llm.train.weights import load_params

    theirs = transformers.AutoModelForCausalLM.from_pretrained(chain / "model", dtype=torch.float32).eval()
    source = open_model(str(chain / "model"))
    params, dtype = load_params(source)
    params = jax.tree.map(jnp.asarray, params)
    assert dtype == "float16"  # as the original exports
    tokens = np.random.default_rng(0).integers(3, 32000, (2, 64))
    with torch.no_grad():
        expected = theirs(torch.tensor(tokens)).logits.numpy()
    np.testing.assert_allclose(forward(source.config, params, jnp.asarray(tokens)), expected, rtol=0, atol=1e-4)


def test_alignment_and_then_commit(shared, flags, tmp_path):
    """A smoke test: the aligned model has read XQuAD's contexts, so no score of it is reported."""
    contexts = tmp_path / "contexts.jsonl"
    lines = [json.dumps(record, ensure_ascii=False) for record in shared.contexts("el")]
    contexts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    steps = ["--steps", "30", "--warmup-steps", "3"]
    align = ["train", "align-2024", *flags["scratch"], *steps, "--data", str(contexts)]
    align += ["--dictionary", str(shared.data("muse/el-en.txt")), "--out", str(tmp_path / "aligned")]
    assert main(align) == 0
    commit = ["run", "commit-2024", *flags["common"], *steps, "--model", str(tmp_path / "aligned")]
    commit += [
        "--data",
        str(shared.data("alpaca/alpaca_1807.jsonl")),
        "--dictionary",
        str(shared.data("muse/en-el.txt")),
    ]
    assert main([*commit, "--out", str(tmp_path / "commit")]) == 0
    aligned, tuned = read_metrics(tmp_path / "aligned"), read_metrics(tmp_path / "commit" / "run")
    assert aligned[-1]["loss"] < aligned[0]["loss"] - 1
    assert tuned[0]["loss"] < np.log(32000) - 0.5  # it starts from what it has learnt
    assert (tmp_path / "commit" / "model" / "model.safetensors").is_file()
    history = history_of(open_model(str(tmp_path / "commit" / "model")))
    assert [(stage["data"], stage["steps"]) for stage in history.stages] == [
        ("contexts.jsonl", 30),
        ("alpaca_1807.jsonl", 30),
    ]
    items = load_questions(find_task("ogx_xquad_el"), str(shared.data("xquad")))
    assert contamination(find_task("ogx_xquad_el"), items, history.documents) == (240, 240)
    english = load_questions(find_task("ogx_xquad_en"), str(shared.data("xquad")))
    assert contamination(find_task("ogx_xquad_en"), english, history.documents) == (240, 0)
