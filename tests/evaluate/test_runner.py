"""An evaluation: its directory, and what it replaces."""

import hashlib
import json

import numpy as np
import pytest

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate import results as results_module
from commit_llm.evaluate.answers import answer
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.evaluation import read_evaluation, read_results

EL, EN = find_task("ogx_xquad_el"), find_task("ogx_xquad_en")


@pytest.fixture(scope="module")
def evaluated(model, example, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation") / "eval"
    results = evaluate(model, [EL, EN], out, data_dir=str(example), limit=5, batch_size=5)
    return out, results


def test_the_evaluation_directory(evaluated, model, example):
    out, results = evaluated
    assert read_results(out) == results
    held = read_evaluation(out)
    assert held.tasks == results
    assert held.model == {"fingerprint": model.fingerprint, "dtype": "float32", "training": None}
    told = [(found["language"], found["suite"], found["task_version"]) for found in results.values()]
    assert told == [("el", "ogx_xquad", 1.0), ("en", "ogx_xquad", 1.0)]
    assert set(results) == {"ogx_xquad_el", "ogx_xquad_en"}
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["task"] for row in rows] == ["ogx_xquad_el"] * 5 + ["ogx_xquad_en"] * 5
    assert list(rows[0]) == [
        "id", "task", "context_id", "question", "prediction", "references", "exact_match", "f1",
        "exact_match_english", "f1_english", "truncated", "prompt_sha256",
    ]  # fmt: skip
    contexts = [json.loads(line) for line in (out / "contexts.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(row for row in contexts if row["task"] == EL.name and row["context_id"] == rows[0]["context_id"])
    prompt = EL.prompt(first["context"], rows[0]["question"])
    assert rows[0]["prompt_sha256"] == hashlib.sha256(prompt.encode()).hexdigest()
    signature = results[EL.name]["signature"]
    assert f"model:{model.fingerprint[:16]}" in signature
    assert signature.endswith(f"|version:{__version__}")
    parts = (
        "task:ogx_xquad_el|task-version:1.0|",
        "labels:el",
        "bos:no",
        "normaliser:squad-1.1",
        "greedy-256",
        "dtype:float32",
        "limit:5",
    )
    for part in parts:
        assert part in signature
    with pytest.raises(UserError, match="exists already"):
        evaluate(model, [EL], out, data_dir=str(example), limit=5)


def test_shortened_prompts_are_counted(model, example, tmp_path, monkeypatch):
    monkeypatch.setitem(answer.__kwdefaults__, "max_length", 259)
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    results = evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=5)
    assert results[EL.name]["truncated"] == 5


def test_overwrite_replaces_an_evaluation_and_nothing_else(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    for limit in (1, 2):
        evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=limit, overwrite=True)
    assert read_results(tmp_path / "eval")[EL.name]["items"] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("")
    with pytest.raises(UserError, match=r"holds something else \(no results\.json\)"):
        evaluate(model, [EL], tmp_path / "mine", data_dir=str(example), limit=1, overwrite=True)


def test_folders_that_are_no_evaluation(tmp_path):
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"schema": 99, "tasks": {}}')
    with pytest.raises(UserError, match="schema 99, this version reads 3; evaluate again with this version"):
        read_results(tmp_path)
    for text in (
        "[]",
        "no JSON",
        "[" * 100_000,
        "{}",
        '{"schema": 3, "tasks": {}}',
        '{"schema": 3, "model": {}, "tasks": []}',
        '{"schema": 3, "model": {}, "tasks": {"a": 1}}',
        '{"schema": 3, "model": [], "tasks": {}}',
    ):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(UserError, match=r"results\.json: malformed"):
            read_results(tmp_path)
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_results(tmp_path / "results.json")


def test_every_answer_is_scored_once(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    score, calls = results_module.score, []

    def counted(*arguments):
        calls.append(arguments)
        return score(*arguments)

    monkeypatch.setattr(results_module, "score", counted)
    evaluate(model, [EN, EL], tmp_path / "eval", data_dir=str(example), limit=3)
    assert len(calls) == 3 + 2 * 3  # those in Greek against the English references too
