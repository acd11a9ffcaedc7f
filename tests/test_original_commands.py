"""The four command blocks of the original's README and each of its notes, as ours, at tiny scale on real data.

What the `-2024` recipes resolve to is held to the original's flags in tests/test_recipes.py; here the
commands run. docs/from-easylm.md has them at full size.
"""

import json

import jax
import numpy as np
import pytest
import yaml
from safetensors.numpy import load_file

from commit_llm.cli.main import main
from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.data.prompts import alpaca_prompt
from commit_llm.runs.logs import read_metrics
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params
from tests.test_chain import MODEL

pytestmark = pytest.mark.slow

STEPS = 4


class Commands:
    """Runs commands in a folder, with a two-layer model from scratch and rows of 128 tokens."""

    def __init__(self, shared, out):
        self.shared, self.out = shared, out
        (out / "base").mkdir()
        (out / "base" / "config.json").write_text(json.dumps(MODEL))
        tokenizer = str(shared.data("tokenizer/tokenizer.model"))
        self.tiny = ["--tokenizer", tokenizer, "--seq-len", "128", "--batch-size", "4"]
        self.scratch = ["--model", str(out / "base"), "--from-scratch"]
        self.alpaca = ["--data", str(shared.data("alpaca/alpaca_1807.jsonl"))]
        contexts = [json.dumps(record, ensure_ascii=False) for record in shared.contexts("el")]
        (out / "greek.jsonl").write_text("\n".join(contexts) + "\n", encoding="utf-8")
        self.greek = ["--data", str(out / "greek.jsonl")]

    def dictionary(self, name):
        return ["--dictionary", str(self.shared.data(f"muse/{name}.txt"))]

    def train(self, name, recipe, *flags):
        """The run directory of `commit-llm train RECIPE`."""
        steps = ["--steps", str(STEPS), "--warmup-steps", "1"]
        assert main(["train", recipe, *self.tiny, *steps, *map(str, flags), "--out", str(self.out / name)]) == 0
        return self.out / name

    def rows(self, name, recipe, *flags):
        """The text of the first rows that training sees, of `commit-llm batches RECIPE`."""
        file = self.out / f"{name}.npz"
        command = ["batches", recipe, *self.tiny, *self.scratch, *map(str, flags), "--num-batches", "2"]
        assert main([*command, "--out", str(file)]) == 0
        from commit_llm.data.tokenizer import load_tokenizer

        tokens = np.load(file)["input_tokens"].reshape(-1)
        return load_tokenizer(self.tiny[1]).decode(tokens.tolist())

    def evaluate(self, name, model, data_dir, *tasks):
        """results.json of `commit-llm eval`, three questions a task."""
        command = ["eval", str(model), "--tasks", *tasks, "--data-dir", str(data_dir), "--limit", "3"]
        assert main([*command, "--out", str(self.out / name)]) == 0
        return json.loads((self.out / name / "results.json").read_text(encoding="utf-8"))["tasks"]


@pytest.fixture(scope="module")
def commands(shared, tmp_path_factory):
    return Commands(shared, tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="module")
def commit(commands):
    """The first block, training: COMMIT."""
    return commands.train("commit", "commit-2024", *commands.scratch, *commands.alpaca, *commands.dictionary("en-el"))


@pytest.fixture(scope="module")
def model(commands, commit):
    """The first block, conversion."""
    assert main(["export", str(commit), "--out", str(commands.out / "model")]) == 0
    return commands.out / "model"


@pytest.fixture(scope="module")
def aligned(commands):
    """The third block: alignment before COMMIT."""
    return commands.train("aligned", "align-2024", *commands.scratch, *commands.greek, *commands.dictionary("el-en"))


def config(run):
    return yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))


def test_commit(commit):
    made = config(commit)
    assert (made["ratio"], made["block_template"], made["behaviour"]) == (0.9, True, "original")
    assert made["dictionary"][0].endswith("en-el.txt")
    lines = read_metrics(commit)
    assert [line["step"] for line in lines] == [1, STEPS]
    assert lines[0]["learning_rate"] == 0  # the schedule's first value, as in the original
    assert lines[0]["loss"] == pytest.approx(np.log(32000), rel=0.01)


def test_conversion(commit, model):
    """fp16, every tensor that Hugging Face's LLaMA has, and the values of the run's last step."""
    tensors = load_file(model / "model.safetensors")
    assert {tensor.dtype.name for tensor in tensors.values()} == {"float16"}
    assert len(tensors) == 9 * MODEL["num_hidden_layers"] + 3
    assert json.loads((model / "config.json").read_text())["architectures"] == ["LlamaForCausalLM"]
    trained, _ = load_params(open_model(str(commit)))
    np.testing.assert_array_equal(
        tensors["model.embed_tokens.weight"], np.asarray(trained["embedding"]).astype(np.float16)
    )


def test_evaluation_in_the_language_and_with_english_labels(commands, shared, model):
    """The second block and its first note."""
    tasks = {"ogx_xquad_el": "el", "ogx_xquad_enel": "en"}
    results = commands.evaluate("eval", model, shared.data("xquad"), *tasks)
    assert list(results) == list(tasks)
    for task, labels in tasks.items():
        assert results[task]["items"] == 3
        assert 0 <= results[task]["exact_match"] <= results[task]["f1"] <= 100
        assert f"|labels:{labels}|bos:no|normaliser:" in results[task]["signature"]
    rows = [json.loads(line) for line in (commands.out / "eval" / "predictions.jsonl").read_text().splitlines()]
    (one, same) = (row for row in rows if row["id"] == rows[0]["id"])
    assert one["question"] == same["question"]
    assert one["prompt_sha256"] != same["prompt_sha256"]


def test_evaluation_on_mlqa(commands, shared, model):
    """Its second note; MLQA has no Greek, and its files are SQuAD's layout as XQuAD's are."""
    folder = commands.out / "mlqa"
    folder.mkdir()
    hindi = json.loads(shared.data("xquad/xquad.hi.json").read_text(encoding="utf-8"))
    hindi["data"] = hindi["data"][:1]
    (folder / "test-context-hi-question-hi.json").write_text(json.dumps(hindi), encoding="utf-8")
    results = commands.evaluate("eval-mlqa", model, folder, "ogx_mlqa_hi", "ogx_mlqa_enhi")
    for task, labels in (("ogx_mlqa_hi", "hi"), ("ogx_mlqa_enhi", "en")):
        assert results[task]["items"] == 3
        assert results[task]["signature"].startswith(
            f"task:{task}|task-version:1.0|labels:{labels}|bos:no|normaliser:mlqa"
        )


def test_alignment(aligned):
    made = config(aligned)
    assert (made["form"], made["fields"], made["ratio"]) == ("text", "text", 0.5)
    assert made["dictionary"][0].endswith("el-en.txt")
    assert read_metrics(aligned)[-1]["step"] == STEPS


def test_commit_starts_from_the_aligned_model(commands, aligned):
    """The first step has learning rate 0, so the weights after it are those that training started from."""
    flags = ["--model", aligned, *commands.alpaca, *commands.dictionary("en-el"), "--checkpoint-every", "1"]
    tuned = commands.train("aligned-commit", "commit-2024", *flags, "--keep-checkpoints", STEPS)
    assert config(tuned)["model"] == str(aligned)
    started, _ = load_params(open_model(str(tuned)), step=1)
    ended, _ = load_params(open_model(str(tuned)))
    given, _ = load_params(open_model(str(aligned)))
    assert jax.tree.all(jax.tree.map(np.array_equal, started, given))
    assert not jax.tree.all(jax.tree.map(np.array_equal, ended, given))


def test_naive_alpaca(commands, commit):
    """Its note: all the settings of code-mixing removed."""
    run = commands.train("alpaca", "alpaca-2024", *commands.scratch, *commands.alpaca)
    assert (config(run)["ratio"], config(run)["dictionary"]) == (0, [])
    assert read_metrics(run)[0]["loss"] != read_metrics(commit)[0]["loss"]  # the same weights, other text
    assert scripts(commands.rows("alpaca", "alpaca-2024", *commands.alpaca)) == {"LATIN"}


def test_naive_code_mixing_mixes_the_template_too(commands, commit):
    flags = [*commands.alpaca, *commands.dictionary("en-el")]
    run = commands.train("naive", "codemix-naive-2024", *commands.scratch, *flags)
    assert (config(run)["block_template"], config(run)["ratio"]) == (False, 0.9)
    assert read_metrics(run)[0]["loss"] != read_metrics(commit)[0]["loss"]
    opening = alpaca_prompt("").split("### ")[0].strip()
    blocked, naive = (commands.rows(f"rows-{name}", name, *flags) for name in ("commit-2024", "codemix-naive-2024"))
    assert scripts(blocked) == scripts(naive) == {"LATIN", "GREEK"}
    assert opening in blocked
    assert opening not in naive


def test_naive_clm(commands, aligned):
    """The fourth block's note: the alignment with a ratio of 0."""
    run = commands.train("clm", "clm-naive-2024", *commands.scratch, *commands.greek)
    assert (config(run)["form"], config(run)["ratio"]) == ("text", 0)
    assert read_metrics(run)[0]["loss"] != read_metrics(aligned)[0]["loss"]
    plain = commands.rows("rows-clm", "clm-naive-2024", *commands.greek)
    mixed = commands.rows("rows-align", "align-2024", *commands.greek, *commands.dictionary("el-en"))
    first = commands.shared.contexts("el")[0]["text"]
    assert first in plain
    assert first not in mixed
