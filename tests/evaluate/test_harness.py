"""lm-eval: our tasks as its files, our model as its model, its tasks run by us.

In the README's test environment torch is absent: these tests show that it is not needed.
"""

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import lm_eval
import numpy as np
import pytest
from datasets import Dataset
from lm_eval.api.instance import Instance
from lm_eval.tasks import TaskManager

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.harness import language_model as adapter
from commit_llm.evaluate.harness.documents import TASK_FILES, process_results, task_file
from commit_llm.evaluate.harness.language_model import CommitLM
from commit_llm.evaluate.harness.upstream import Upstream, _sample, find_upstream
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import TASK_VERSION, TASKS, find_task
from commit_llm.model.config import read_config
from commit_llm.model.decoder import forward
from commit_llm.model.parameters import init_parameters
from commit_llm.runs.evaluation import read_results

pytestmark = pytest.mark.filterwarnings("ignore")  # those of lm-eval


def make_model(example):
    config = read_config(example / "model")
    params = jax.tree.map(lambda p: p * 8, init_parameters(config, jax.random.key(0)))
    return Answerer.of(config, params, load_tokenizer(example / "model"), np.dtype("float32"))


@pytest.fixture(scope="module")
def model(example):
    return make_model(example)


def request(kind, *args, task="other"):
    return Instance(kind, {}, args, 0, metadata=(task, 0, 1))


def test_the_task_files_are_those_of_the_table():
    files = {path.name: path.read_text() for path in TASK_FILES.glob("*.yaml")}
    assert files == {f"{name}.yaml": task_file(name) for name in TASKS}


def test_the_version_of_the_tasks_is_one():
    assert f"metadata:\n  version: {TASK_VERSION}\n" in (TASK_FILES / "_settings").read_text()


def test_scores_of_a_document_are_the_tasks_own():
    document = {"task": "ogx_mlqa_de", "references": ["der Hund"]}
    assert process_results(document, ["ein Hund"]) == {"exact_match": 100.0, "f1": 100.0}
    assert process_results(document | {"task": "ogx_xquad_de"}, ["ein Hund"]) == {"exact_match": 0.0, "f1": 50.0}


def through_lm_eval(model, names, data_dir, limit):
    manager = TaskManager(include_path=TASK_FILES, include_defaults=False, metadata={"data_dir": str(data_dir)})
    return lm_eval.simple_evaluate(model=CommitLM(model), tasks=names, limit=limit, task_manager=manager)


def test_our_tasks_in_lm_eval_are_answered_as_by_our_runner(model, example, tmp_path):
    names = ["ogx_xquad_el", "xquad_instruct_el"]
    tasks = [find_task(name) for name in names]
    evaluate(model, tasks, tmp_path / "first", data_dir=str(example), limit=12)
    rows = [json.loads(line) for line in (tmp_path / "first" / "predictions.jsonl").read_text().splitlines()]
    # References are made of some of the answers, so that there is something to score.
    data = json.loads((example / "xquad.el.json").read_text())
    gold = {row["id"]: row["prediction"] for row in rows if row["task"] == names[int(row["id"][-1]) % 2]}
    for paragraph in data["data"][0]["paragraphs"]:
        for question in paragraph["qas"]:
            if question["id"] in gold:
                question["answers"] = [{"text": gold[question["id"]], "answer_start": 0}]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "xquad.el.json").write_text(json.dumps(data))
    ours = evaluate(model, tasks, tmp_path / "ours", data_dir=str(tmp_path / "data"), limit=12)
    theirs = through_lm_eval(model, names, tmp_path / "data", 12)
    for name in names:
        told = {row["id"]: row["prediction"] for row in rows if row["task"] == name}
        assert {s["doc"]["id"]: s["filtered_resps"][0] for s in theirs["samples"][name]} == told
        assert 0 < ours[name]["exact_match"] < 100
        for metric in ("exact_match", "f1"):
            assert theirs["results"][name][f"{metric},none"] == pytest.approx(ours[name][metric], abs=0.005)
            error = theirs["results"][name][f"{metric}_stderr,none"]
            assert error == pytest.approx(ours[name][f"{metric}_stderr"], abs=0.005)


def test_log_likelihoods_are_those_of_the_forward_pass(model):
    lm, tokenizer = CommitLM(model), model.tokenizer
    pairs = [("anna lives in", " athens"), ("where", " does anna live ?"), ("", "anna works"), ("a" * 300, " b")]
    found = lm.loglikelihood([request("loglikelihood", *pair) for pair in pairs], disable_tqdm=True)
    for (context, wanted), (value, greedy) in zip(pairs, found, strict=True):
        ids = [tokenizer.bos_id, *tokenizer.encode(context + wanted)]
        start = 1 + len(tokenizer.encode(context))
        logits = jax.nn.log_softmax(forward(model.config, model.params, jnp.asarray([ids]))[0])
        assert value == pytest.approx(float(sum(logits[i - 1, ids[i]] for i in range(start, len(ids)))), abs=1e-3)
        assert greedy == all(int(jnp.argmax(logits[i - 1])) == ids[i] for i in range(start, len(ids)))
    best = int(jnp.argmax(forward(model.config, model.params, jnp.asarray([[1, 5, 6]]))[0, -1]))
    assert lm._loglikelihood_tokens([(("", ""), [1, 5, 6], [best])])[0][1]


def test_a_long_text_is_scored_in_windows(model):
    lm = CommitLM(model)
    text = "anna lives in athens and works as a teacher " * 300
    ids = lm.tok_encode(text, add_special_tokens=False)
    length = model.config.max_position_embeddings
    assert length < len(ids) < 2 * length
    (total,) = lm.loglikelihood_rolling([request("loglikelihood_rolling", text)])
    first = [model.tokenizer.bos_id, *ids[: length - 1]]
    rest = len(ids) - length
    windows = [(first, ids[:length], 0), (ids[-length - 1 : -1], ids[-length:], length - rest)]
    wanted = 0.0
    for tokens, targets, start in windows:
        logits = jax.nn.log_softmax(forward(model.config, model.params, jnp.asarray([tokens]))[0])
        wanted += float(sum(logits[i, targets[i]] for i in range(start, length)))
    assert total == pytest.approx(wanted, rel=1e-4)


def test_a_context_that_is_too_long_keeps_its_end(model):
    lm = CommitLM(model)
    ids = list(np.random.default_rng(0).integers(3, 200, 3000))
    ids = [int(i) for i in ids]
    length = model.config.max_position_embeddings
    ((cut, _),) = lm._loglikelihood_tokens([(("", ""), ids[-length - 1 : -4], ids[-4:])])
    ((whole, _),) = lm._loglikelihood_tokens([(("", ""), ids[:-4], ids[-4:])])
    assert whole == pytest.approx(cut, abs=1e-4)


def test_generation_stops_where_the_task_says(model):
    lm = CommitLM(model)
    (free,) = lm.generate_until([request("generate_until", "anna", {"until": [], "max_gen_toks": 20})])
    stop = free[3:6]
    (stopped,) = lm.generate_until([request("generate_until", "anna", {"until": [stop], "max_gen_toks": 20})])
    assert stopped == free[: free.index(stop)]
    (few,) = lm.generate_until([request("generate_until", "anna", {"until": "\n\n\n", "max_gen_toks": 5})])
    assert free.startswith(few)
    assert lm.generate_until([request("generate_until", "anna", {"do_sample": False, "temperature": 1})])
    with pytest.raises(UserError, match="generation is greedy here"):
        lm.generate_until([request("generate_until", "anna", {"do_sample": True, "temperature": 0.7})])


def belebele(*args, **kwargs):
    rows = [
        {
            "flores_passage": f"Η Άννα έχει {n} σπίτια.", "question": "Πόσα;", "correct_answer_num": str(1 + n % 4),
            **{f"mc_answer{k}": f"πόλη {k}" for k in range(1, 5)},
        }
        for n in range(8)
    ]  # fmt: skip
    return {"test": Dataset.from_list(rows)}


def test_a_task_of_lm_evals_own_goes_on_after_a_kill(model, example, tmp_path, monkeypatch):
    """belebele_ell_Grek, its data replaced by eight rows; killed, and called again."""
    monkeypatch.setattr("datasets.load_dataset", belebele)
    folder = Path(lm_eval.__file__).parent / "tasks" / "belebele"
    upstream = Upstream(("belebele_ell_Grek",), TaskManager(include_path=folder, include_defaults=False))
    options = {"data_dir": str(example), "limit": 6, "batch_size": 1, "upstream": upstream}
    score, calls = adapter.token_log_probabilities, []

    def counted(*args):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return score(*args)

    monkeypatch.setattr(adapter, "token_log_probabilities", counted)
    monkeypatch.setattr(adapter, "MAX_LENGTH", 512)  # so that the 24 choices make several batches
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, [find_task("ogx_xquad_en")], tmp_path / "eval", **options)
    results = evaluate(model, [find_task("ogx_xquad_en")], tmp_path / "eval", **options)
    assert list(results) == ["ogx_xquad_en", "belebele_ell_Grek"]
    assert read_results(tmp_path / "eval") == results
    found = results["belebele_ell_Grek"]
    assert found["items"] == 6
    assert 0 <= found["metrics"]["acc"] <= 1
    assert found["metrics"]["acc_stderr"] >= 0
    for part in ("task:belebele_ell_Grek", "harness:lm-eval-", f"model:{model.fingerprint[:16]}", "shots:0"):
        assert part in found["signature"]
    samples = [json.loads(line) for line in (tmp_path / "eval" / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == 6
    assert np.mean([row["acc"] for row in samples]) == pytest.approx(found["metrics"]["acc"])


def test_samples_hold_what_json_can():
    row = {
        "doc_id": 1,
        "filter": "none",
        "filtered_resps": [(-1.5, np.True_)],
        "target": np.int64(2),
        "metrics": ["f1"],
    }
    sample = _sample("cola", row | {"f1": (np.int64(1), np.float64("nan"))})
    assert json.loads(json.dumps(sample, allow_nan=False)) == {
        "id": "1", "task": "cola", "filter": "none", "prediction": [[-1.5, True]], "target": 2, "f1": [1, None],
    }  # fmt: skip


def test_names_that_lm_eval_does_not_know(monkeypatch):
    class Index:
        all_tasks = ("belebele_ell_Grek", "arc_easy")

    monkeypatch.setattr("lm_eval.tasks.TaskManager", Index)
    assert find_upstream(["arc_easy"]).names == ("arc_easy",)
    with pytest.raises(UserError, match=r"no task 'belebele_ell', here or in lm-eval; near it are belebele_ell_Grek"):
        find_upstream(["belebele_ell"])
    monkeypatch.setitem(sys.modules, "lm_eval.tasks", None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[eval\]'"):
        find_upstream(["arc_easy"])
