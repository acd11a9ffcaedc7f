"""A vocabulary that has grown goes through the whole chain: align, commit, export, transformers, the real lm-eval."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.data.tokenizer import load_tokenizer
from tests.vocabulary.growing_models import write_growing_model

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from commit_llm.model.decoder import forward  # noqa: E402
from commit_llm.train.model_source import open_model  # noqa: E402
from commit_llm.train.weights import load_params  # noqa: E402
from tests.parity.test_evaluation import by_lm_eval  # noqa: E402
from tests.parity.tiny_models import load_theirs, their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
TASK, LIMIT, SIZE = "xquad_instruct_el", 6, 60


def call(*words):
    assert main(list(map(str, words))) == 0


@pytest.mark.long
@pytest.mark.parametrize(("kind", "tied"), [("sentencepiece", True), ("bytes", False)])
def test_from_extend_to_lm_eval(example, tmp_path, kind, tied):
    write_growing_model(tmp_path / "model", kind, tied, times=3)
    with (example / "texts.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file]
    greek = tmp_path / "greek.txt"
    greek.write_text("\n".join(text for text in texts if "αυτή" in text), encoding="utf-8")
    back = tmp_path / "el-en.txt"
    pairs = (line.split("\t") for line in (example / "en-el.txt").read_text(encoding="utf-8").splitlines())
    back.write_text("".join(f"{target}\t{source}\n" for source, target in pairs), encoding="utf-8")
    grown, aligned, tuned, export = (tmp_path / name for name in ("grown", "aligned", "tuned", "export"))
    call("tokenizer", "extend", tmp_path / "model", "--text", greek, "--size", SIZE, "--out", grown)
    small = ["--batch-size", 2, "--seq-len", 512, "--steps", 3, "--warmup-steps", 1, "--learning-rate", 1e-4]
    call("train", "align", "--model", grown, "--data", greek, "--dictionary", back, *small, "--out", aligned)
    instructions = ["--data", example / "instructions.jsonl", "--dictionary", example / "en-el.txt"]
    call("train", "commit", "--model", aligned, *instructions, *small, "--out", tuned)
    call("export", tuned, "--dtype", "float32", "--out", export)
    assert not (export / "grown_vocabulary.json").exists()

    old, new = load_tokenizer(tmp_path / "model"), load_tokenizer(export)
    theirs = transformers.AutoTokenizer.from_pretrained(export)
    for text in texts[:40]:
        ids = new.encode(text)
        assert theirs(text, add_special_tokens=False)["input_ids"] == ids
        assert (ids == old.encode(text)) is text.isascii()
    source = open_model(str(export))
    params, _ = load_params(source)
    tokens = np.array([new.encode(greek.read_text(encoding="utf-8"))[:200]], np.int32)
    assert tokens.max() >= old.vocab_size
    logits = forward(source.config, params, jnp.asarray(tokens))
    np.testing.assert_allclose(logits, their_logits(load_theirs(export), tokens), atol=1e-4)

    asked = ["--tasks", TASK, "--limit", LIMIT, "--data-dir", example]
    call("eval", export, *asked, "--out", tmp_path / "ours")
    lines = (tmp_path / "ours" / "predictions.jsonl").read_text("utf-8").splitlines()
    ours = {row["id"]: row["prediction"] for row in map(json.loads, lines)}
    no_bos = ",add_bos_token=False" if kind == "bytes" else ""
    _, texts_of_theirs = by_lm_eval(export, example, TASK, LIMIT, tmp_path / "theirs", no_bos)
    assert texts_of_theirs == ours
    assert all(ours.values())
