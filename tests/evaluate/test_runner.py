"""An evaluation: its directory, and what it replaces."""

import dataclasses
import hashlib
import json
import shutil

import numpy as np
import pytest

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate import results as results_module
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.runner import answering_parts, evaluate
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.evaluation import read_evaluation, read_results, write_signature
from tests.evaluate.chat_models import with_template

EL, EN, OURS, CHAT = map(find_task, ("ogx_xquad_el", "ogx_xquad_en", "xquad_instruct_el", "xquad_chat_el"))


@pytest.fixture(scope="module")
def evaluated(model, example, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation") / "eval"
    results = evaluate(model, [EL, OURS], out, data_dir=str(example), limit=5, batch_size=5)
    return out, results


def test_the_evaluation_directory(evaluated, model, example):
    out, results = evaluated
    assert read_results(out) == results
    held = read_evaluation(out)
    assert held.tasks == results
    assert held.model == {"fingerprint": model.fingerprint, "dtype": "float32", "training": None}
    told = [(found["language"], found["suite"], found["task_version"]) for found in results.values()]
    assert told == [("el", "ogx_xquad", 1.0), ("el", "xquad_instruct", 2.0)]
    assert set(results) == {"ogx_xquad_el", "xquad_instruct_el"}
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["task"] for row in rows] == ["ogx_xquad_el"] * 5 + ["xquad_instruct_el"] * 5
    assert list(rows[0]) == [
        "id", "task", "context_id", "question", "prediction", "references", "exact_match", "f1",
        "exact_match_english", "f1_english", "in_context", "answer_language", "truncated", "finish_reason",
        "empty", "prompt_sha256",
    ]  # fmt: skip
    for task, entry in results.items():
        of_task = [row for row in rows if row["task"] == task]
        assert entry["in_context"] == 20.0 * sum(row["in_context"] for row in of_task)
        assert entry["empty"] == sum(row["empty"] for row in of_task)
        assert entry["cut"] == sum(row["finish_reason"] == "length" for row in of_task)
        assert entry["truncated"] == 0
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
        f"tokenizer:{model.tokenizer.kind}",
        "normaliser:squad-1.1",
        "greedy-256",
        "dtype:float32",
        "limit:5",
    )
    for part in parts:
        assert part in signature
    with pytest.raises(UserError, match="exists already"):
        evaluate(model, [EL], out, data_dir=str(example), limit=5)


@pytest.mark.slow
def test_tasks_that_rank_beside_one_that_is_answered(model, paragraphs, tmp_path):
    ranked = find_task("xquad_rank_el")
    options = {"data_dir": str(paragraphs), "per_context": {ranked.name: 3, OURS.name: 1}}
    results = evaluate(model, [ranked, OURS], tmp_path / "eval", **options, limit=20)
    assert read_results(tmp_path / "eval") == results
    entry, answered = results.values()
    assert {name: entry[name] for name in ("suite", "items", "left_out", "per_context", "limit", "truncated")} == {
        "suite": "xquad_rank", "items": 20, "left_out": 0, "per_context": 3, "limit": 20, "truncated": 0,
    }  # fmt: skip
    assert 25 <= entry["chance"] <= 50  # of two to four candidates
    assert "|decoding:rank-by-characters|" in entry["signature"]
    assert "|per-context:3|limit:20|" in entry["signature"]
    assert "|decoding:greedy-256|" in answered["signature"]
    assert (answered["items"], answered["per_context"]) == (20, 1)
    rows = [json.loads(line) for line in (tmp_path / "eval" / "predictions.jsonl").read_text().splitlines()]
    for row in rows[:20]:
        right = row["candidates"][row["right"]]
        assert right["text"] == row["references"][0]
        others = [one for place, one in enumerate(row["candidates"]) if place != row["right"]]
        for share, score in (("first", "score"), ("first_without_context", "score_without_context")):
            assert row[share] == 100.0 * all(right[score] > other[score] for other in others)
    assert sum(row["first"] for row in rows[:20]) / 20 == entry["first"]
    prompts = {row["prompt_sha256"] for row in rows if row["task"] == OURS.name}
    assert prompts & {row["prompt_sha256"] for row in rows[:20]}


def no_text(config, params, rows, *rest):
    return np.full((len(rows), 4), -1)


def test_shortened_prompts_are_counted(model, example, tmp_path, monkeypatch):
    """Those of ours by --max-length, the reference's by its own 2,048 tokens."""
    monkeypatch.setattr(answers_module, "generate", no_text)
    options = {"data_dir": str(example), "limit": 5, "overwrite": True}
    prompts = [OURS.prompt(item.context, item.question) for item in load_questions(OURS, str(example), 5)]
    short = min(len(model.tokenizer.encode(prompt)) for prompt in prompts) + 256 - 1
    for max_length, truncated in ((None, 0), (2048, 0), (short, 5)):
        results = evaluate(model, [EL, OURS], tmp_path / "eval", max_length=max_length, **options)
        assert (results[EL.name]["truncated"], results[OURS.name]["truncated"]) == (0, truncated)
        assert "max-length" not in results[EL.name]["signature"]
        assert (f"|max-length:{short}|" in results[OURS.name]["signature"]) == (max_length == short)
    monkeypatch.setattr("commit_llm.evaluate.encoded_prompts.MAX_LENGTH", 259)
    results = evaluate(model, [EL, OURS], tmp_path / "eval", **options)
    assert (results[EL.name]["truncated"], results[OURS.name]["truncated"]) == (5, 0)


def test_a_prompt_that_does_not_fit_is_told_before_the_first_answer(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", None)
    with pytest.raises(
        UserError, match=r"xquad_instruct_el: the prompt of question '.*' has .* leave room for 14 beside"
    ):
        evaluate(model, [EL, OURS], tmp_path / "eval", data_dir=str(example), max_length=270)
    assert not (tmp_path / "eval").exists()


def test_empty_and_cut_answers_are_counted(model, example, tmp_path, monkeypatch):
    """Of five rows two are cut, two end at once, and one ends at a newline behind a word."""
    (newline,), (word,) = model.tokenizer.encode("\n"), model.tokenizer.encode("athens")
    rows = [[word] * 4, [newline] * 4, [2, -1, -1, -1], [newline, 2, -1, -1], [newline, word, newline, -1]]
    monkeypatch.setattr(answers_module, "generate", lambda config, params, prompts, *rest: np.asarray(rows))
    results = evaluate(model, [OURS], tmp_path / "eval", data_dir=str(example), limit=5)
    assert {name: results[OURS.name][name] for name in ("empty", "cut", "truncated")} == {
        "empty": 3, "cut": 2, "truncated": 0,
    }  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "eval" / "predictions.jsonl").read_text().splitlines()]
    assert sorted((line["finish_reason"], line["empty"], line["prediction"]) for line in lines) == [
        ("length", False, "athens athens athens athens"), ("length", True, ""), ("newline", False, "athens"),
        ("stop", True, ""), ("stop", True, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bos", "length", "part"), [((), None, "bos:no"), ((1,), None, "bos:yes"), ((1,), 500, "|max-length:500|")]
)
def test_the_signature_says_how_it_was_answered(model, bos, length, part):
    tokenizer = dataclasses.replace(model.tokenizer, bos=type(model.tokenizer.bos)(bos))
    parts = answering_parts(dataclasses.replace(model, tokenizer=tokenizer), OURS, length)
    assert part.strip("|") in write_signature(parts)
    assert answering_parts(model, EL, length)["bos"] == "no"


def test_chat_tasks_are_asked_through_the_models_own_template(model, example, tmp_path, monkeypatch):
    """Two models are asked the same in other words; what stands around it is known by its hash."""
    asked, options = [], {"data_dir": str(example), "limit": 3, "batch_size": 1}

    def generate(config, params, prompts, lengths, *rest):
        rows = [tuple(row[len(row) - n :].tolist()) for row, n in zip(prompts, lengths, strict=True)]
        asked.extend(dict.fromkeys(rows))  # a batch is filled up with its last prompt
        return no_text(config, params, prompts)

    monkeypatch.setattr(answers_module, "generate", generate)
    entries = []
    for name in ("turns", "headers"):
        answerer = with_template(model, tmp_path / name, name)
        asked.clear()
        results = evaluate(answerer, [CHAT, OURS], tmp_path / f"eval-{name}", **options)
        template = answerer.template_for(CHAT)
        turn, head = answerer.tokenizer.encode_rendered("<turn><head>").ids
        assert [prompt[0] for prompt in asked] == ([turn] * 3 if name == "turns" else [1] * 3) + [1] * 3
        assert [head in prompt for prompt in asked] == [name == "headers"] * 3 + [False] * 3
        entries.append(results[CHAT.name])
        assert results[CHAT.name]["template_sha256"] == template.fingerprint()
        assert f"|labels:chat|template:{template.fingerprint()[:16]}|normaliser:" in results[CHAT.name]["signature"]
        assert "|bos:" not in results[CHAT.name]["signature"]
        assert "template" not in "".join([results[OURS.name]["signature"], *results[OURS.name]])
    assert entries[0]["prompts_sha256"] == entries[1]["prompts_sha256"]
    assert entries[0]["template_sha256"] != entries[1]["template_sha256"]


def test_a_model_without_a_template_is_refused_before_a_question_is_read(model, tmp_path):
    with pytest.raises(UserError, match=r"has no chat template, and xquad_chat_el asks through it"):
        evaluate(model, [OURS, CHAT], tmp_path / "eval", data_dir=str(tmp_path))


def test_overwrite_replaces_an_evaluation_and_nothing_else(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", no_text)
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
    with pytest.raises(UserError, match="schema 99, this version reads 3 and 4; evaluate again"):
        read_results(tmp_path)
    for schema in (3, 4):
        (tmp_path / "results.json").write_text(f'{{"schema": {schema}, "model": {{}}, "tasks": {{"a": {{}}}}}}')
        assert read_results(tmp_path) == {"a": {}}
    for text, fault in (
        ("[]", ": holds no JSON object"),
        ("no JSON", " JSON: "),
        ("[" * 100_000, " JSON: nested too deeply"),
        ("{}", ": has no schema; evaluate again with this version"),
        ('{"schema": 4, "tasks": {}}', ": has no model; evaluate again"),
        ('{"schema": 4, "model": {}, "tasks": []}', r": 'tasks' is \[\], not an object; evaluate again"),
        ('{"schema": 4, "model": {}, "tasks": {"a": 1}}', ": 'a' is 1, not an object; evaluate again"),
        ('{"schema": 4, "model": [], "tasks": {"model": {}}}', r": 'model' is \[\], not an object; evaluate again"),
    ):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(UserError, match=rf"results\.json(:1)?: malformed{fault}"):
            read_results(tmp_path)
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_results(tmp_path / "results.json")


def test_every_answer_is_scored_once(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", no_text)
    score, calls = results_module.score, []

    def counted(*arguments):
        calls.append(arguments)
        return score(*arguments)

    monkeypatch.setattr(results_module, "score", counted)
    evaluate(model, [EN, EL], tmp_path / "eval", data_dir=str(example), limit=3)
    assert len(calls) == 3 + 2 * 3  # those in Greek against the English references too


@pytest.mark.parametrize("change", ["a question", "a bit of the weights"])
def test_processes_that_would_not_ask_the_same_of_the_same_model_are_refused_before_anything_is_written(
    model, example, tmp_path, monkeypatch, change
):
    """What one process compares with the others, with and without the change."""
    compared = []

    def compare(name, values, way_out):
        compared.append((name, json.loads(json.dumps(values))))
        raise UserError("compared")

    monkeypatch.setattr("commit_llm.evaluate.runner.require_same", compare)
    data = json.loads((example / "xquad.el.json").read_text(encoding="utf-8"))
    data["data"][0]["paragraphs"][0]["qas"][0]["question"] += "?"
    (tmp_path / "xquad.el.json").write_text(json.dumps(data), encoding="utf-8")
    shutil.copy(example / "xquad.en.json", tmp_path)
    other = dataclasses.replace(model, fingerprint="1")
    asked = (model, str(tmp_path)) if change == "a question" else (other, str(example))
    for answerer, folder in ((model, str(example)), asked):
        with pytest.raises(UserError, match="compared"):
            evaluate(answerer, [OURS], tmp_path / "eval", data_dir=folder, limit=5)
    (name, first), (_, second) = compared
    assert name == "evaluation"
    different = [field for field in first if first[field] != second[field]]
    assert different == ["questions of xquad_instruct_el" if change == "a question" else "model"]
    assert not (tmp_path / "eval").exists()
