"""Our evaluation beside transformers and the real lm-eval: greedy text on real prompts, scores of an export."""

import dataclasses
import json
import subprocess
import sys

import jax
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_files import copy_tokenizer
from commit_llm.evaluate.answer_text import first_line
from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.encoded_prompts import keep_end
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.harness.documents import TASK_FILES
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from tests.convert.test_folder import IDS
from tests.evaluate.chat_models import chat_tokenizer
from tests.tiers import in_long_tier

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
NEW = 16


def large(params, times=8):
    """Kernels eight times as large as fresh ones, so that the likeliest token is not always the same."""
    return jax.tree.map(lambda p: p if (p == 1).all() else p * times, params)


@pytest.mark.parametrize("count", [25, *in_long_tier(99)])
def test_greedy_text_on_real_prompts(shared, llama, tmp_path, count):
    """Ours in padded batches; theirs a prompt at a time, unpadded. Some of the prompts are shortened."""
    config = ModelConfig(32000, 64, 176, 2, 4, 2, 16)
    params = large(init_parameters(config, jax.random.key(2)))
    write_model(tmp_path, params, config, "float32", new_config(config, "float32", IDS))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    task = find_task("ogx_xquad_el")
    questions = load_questions(task, str(shared.data("xquad")))[1190 // count // 2 :: 1190 // count]
    prompts = [task.prompt(item.context, item.question) for item in questions]
    ours = {}
    model = Answerer.of(config, params, llama, (llama.eos_id,), np.dtype("float32"))
    encoded = [keep_end(llama.encode(prompt), [], 1792) for prompt in prompts]
    for batch in answer(model, encoded, 2, ending=Ending(model.stops, ()), longest=1792, max_new_tokens=NEW):
        ours |= batch
    assert len(ours) == count
    assert 1 <= sum(given.truncated for given in ours.values()) <= count // 8
    expected = []
    for prompt in prompts:
        ids = torch.tensor([llama.encode(prompt)[-1792:]])
        with torch.no_grad():
            out = theirs.generate(ids, max_new_tokens=NEW, do_sample=False, eos_token_id=2, pad_token_id=0)
        expected.append(llama.decode(out[0, ids.shape[1] :].tolist()))
    assert [ours[place].text for place in range(count)] == expected
    assert len(set(expected)) > count // 2


def test_the_real_lm_eval_scores_an_export_as_our_runner_does(shared, example, tmp_path):
    """20 English questions of XQuAD; every second reference is an answer, so that there is something to score."""
    config = read_config(example / "model")
    export = tmp_path / "model"
    export.mkdir()
    write_model(
        export, large(init_parameters(config, jax.random.key(1))), config, "float32", new_config(config, "float32", IDS)
    )
    copy_tokenizer(load_tokenizer(example / "model"), export)
    original = json.loads(shared.data("xquad/xquad.en.json").read_text(encoding="utf-8"))
    told, theirs = scored_by_both(export, tmp_path, original, "ogx_xquad_en", 20, ",add_bos_token=False")
    assert theirs == {row["id"]: row["prediction"] for row in told}


@pytest.mark.long
def test_the_real_lm_eval_answers_long_prompts_of_ours_as_our_runner_does(shared, example, tmp_path):
    """Prompts of 3,000 tokens to a model of 8,192 positions. Some answers begin with blank lines, as SmolLM2's do."""
    config = dataclasses.replace(read_config(example / "model"), max_position_embeddings=8192)
    export = tmp_path / "model"
    export.mkdir()
    params = jax.tree.map(np.array, large(init_parameters(config, jax.random.key(2)), 16))
    params["head"][:, [2, 3]] *= [2, 3]  # often sure of a stop, or of a newline
    write_model(export, params, config, "float32", new_config(config, "float32", IDS))
    copy_tokenizer(load_tokenizer(example / "model"), export)
    assert load_tokenizer(export).bos == (1,)  # which lm-eval puts there too, when nothing is said of it
    original = json.loads(shared.data("xquad/xquad.en.json").read_text(encoding="utf-8"))
    for article in original["data"]:
        for paragraph in article["paragraphs"]:
            paragraph["context"] = " ".join([paragraph["context"]] * (2900 // len(paragraph["context"].split()) + 1))
    told, theirs = scored_by_both(export, tmp_path, original, "xquad_instruct_en", 16, "")
    assert {id: first_line(text) for id, text in theirs.items()} == {row["id"]: row["prediction"] for row in told}
    assert not any(row["truncated"] for row in told)
    assert sum(text.startswith("\n") for text in theirs.values()) > 2
    assert {"stop", "newline"} <= {row["finish_reason"] for row in told}
    assert len({row["prediction"] for row in told}) > 4


@pytest.mark.long
def test_the_real_lm_eval_asks_chat_tasks_through_the_template_as_our_runner_does(shared, example, tmp_path):
    """The task's file has the message of a user; `--apply_chat_template` puts the template around it.

    The template writes no bos, and the tokenizer would put one there.
    """
    config = dataclasses.replace(read_config(example / "model"), max_position_embeddings=4096)
    export = tmp_path / "model"
    export.mkdir()
    tokenizer = chat_tokenizer(export)
    config = dataclasses.replace(config, vocab_size=tokenizer.vocab_size)
    params = jax.tree.map(np.array, large(init_parameters(config, jax.random.key(2)), 16))
    write_model(export, params, config, "float32", new_config(config, "float32", IDS))
    original = json.loads(shared.data("xquad/xquad.en.json").read_text(encoding="utf-8"))
    told, theirs = scored_by_both(
        export, tmp_path, original, "xquad_chat_en", 8, ",add_bos_token=False", "--apply_chat_template"
    )
    assert {id: first_line(text) for id, text in theirs.items()} == {row["id"]: row["prediction"] for row in told}
    assert len({row["prediction"] for row in told}) > 4


def scored_by_both(export, tmp_path, questions, task, limit, model_args, *flags):
    """Evaluate a model twice, the second time with every second answer as the reference; then by the real lm-eval.

    Give the rows of predictions.jsonl, and lm-eval's texts by id.
    """
    data, first = tmp_path / "data", ["eval", str(export), "--tasks", task, "--limit", str(limit)]
    data.mkdir()
    (data / "xquad.en.json").write_text(json.dumps(questions), encoding="utf-8")
    assert main([*first, "--data-dir", str(data), "--out", str(tmp_path / "first")]) == 0
    told = [json.loads(line) for line in (tmp_path / "first" / "predictions.jsonl").read_text("utf-8").splitlines()]
    gold = {row["id"]: row["prediction"] for row in told[::2]}
    for article in questions["data"]:
        for question in (question for paragraph in article["paragraphs"] for question in paragraph["qas"]):
            if question["id"] in gold:
                question["answers"] = [{"text": gold[question["id"]], "answer_start": 0}]
    (data / "xquad.en.json").write_text(json.dumps(questions), encoding="utf-8")
    assert main([*first, "--data-dir", str(data), "--out", str(tmp_path / "ours")]) == 0
    ours = json.loads((tmp_path / "ours" / "results.json").read_text("utf-8"))["tasks"][task]
    theirs, texts = by_lm_eval(export, data, task, limit, tmp_path / "theirs", model_args, *flags)
    assert 40 <= ours["exact_match"] <= 60
    for metric in ("exact_match", "f1"):
        assert theirs[f"{metric},none"] == pytest.approx(ours[metric], abs=0.005)
    return told, texts


def by_lm_eval(export, data, task, limit, out, model_args, *flags):
    """Evaluate a model by the real lm-eval, with our task files; give the task's results, and the texts by id."""
    command = [
        sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--tasks", task, "--limit", str(limit),
        "--model_args", f"pretrained={export},dtype=float32{model_args}", "--include_path", str(TASK_FILES),
        "--metadata", json.dumps({"data_dir": str(data)}), "--device", "cpu", "--batch_size", "8",
        "--output_path", str(out), "--log_samples", *flags,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    (results,), (samples,) = out.rglob("results_*.json"), out.rglob("samples_*.jsonl")
    rows = [json.loads(line) for line in samples.read_text("utf-8").splitlines()]
    scores = json.loads(results.read_text("utf-8"))["results"][task]
    return scores, {row["doc"]["id"]: row["filtered_resps"][0] for row in rows}
