"""The summary of a task: means, English references, signature, contexts."""

import json
import sys
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate import language as language_module
from commit_llm.evaluate import results as results_module
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.contamination import Contamination
from commit_llm.evaluate.language_identifier import identifier
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import (
    AnswerScores,
    mean_and_error,
    prediction_rows,
    score_answers,
    signature,
    summary,
)
from commit_llm.evaluate.scores import words
from commit_llm.evaluate.tasks import TASKS, find_task
from commit_llm.runs.entries import ENTRY, ENTRY_MAY, METRICS, require_entries

GIVEN = {"decoding": "given"}
TASK = find_task("ogx_xquad_de")
ITEMS = [Question("4", "1-1", "Maria nicht.", "Wer?", ("Maria",))]


def test_means_and_standard_errors():
    assert mean_and_error("f1", [1.0, 0.0, 0.0]) == {"f1": 33.33, "f1_stderr": 33.33}
    assert mean_and_error("f1", [1.0]) == {"f1": 100.0, "f1_stderr": None}


def squad(*references):
    questions = [
        {"id": str(n), "question": "?", "answers": [{"text": text, "answer_start": 0}]}
        for n, text in enumerate(references)
    ]
    return json.dumps({"data": [{"paragraphs": [{"context": "Anna, Άννα", "qas": questions}]}]})


def test_right_in_english(tmp_path):
    task, folder = find_task("xquad_instruct_el"), str(tmp_path)
    (tmp_path / "xquad.el.json").write_text(squad("Αθήνα", "Πάτρα", "7"))
    items = load_questions(task, folder)
    assert english_references(task, items, folder) is None  # no English file
    (tmp_path / "xquad.en.json").write_text(squad("Athens", "Patras"))
    assert english_references(task, items, folder) is None  # one that lacks a question
    (tmp_path / "xquad.en.json").write_text(squad("Athens", "Patras", "7", "more"))
    english = english_references(task, items, folder)
    assert english == [("Athens",), ("Patras",), ("7",)]
    entry = summary(score_answers(task, items, ["Athens", "Πάτρα", "7"], english), GIVEN, None)
    assert (entry["exact_match"], entry["exact_match_english"]) == (66.67, 66.67)
    assert entry["exact_match_english_only"] == 33.33  # the 7 is right in both
    assert entry["answer_language"] == {"target": 50.0, "latin": 50.0, "mixed": 0.0, "neutral": 0.0, "items": 2}
    assert "|task-version:2.0|labels:alpaca|normaliser:" in entry["signature"]  # whoever answers puts a bos, or none
    assert english_references(find_task("ogx_xquad_en"), items, folder) is None
    assert english_references(find_task("ogx_mlqa_hi"), items, folder) is None


@pytest.mark.parametrize(("name", "file"), [("ogx_mlqa_hi", "test-context"), ("ogx_mlqa_enhival", "dev-context")])
def test_right_in_english_of_mlqa(tmp_path, name, file):
    """Of its own split, and by the English rules: the article counts for nothing, which the Hindi ones let stand."""
    task, folder = find_task(name), str(tmp_path)
    hindi = squad("कुत्ता", "दो").replace("\\u0386\\u03bd\\u03bd\\u03b1", "अन्ना")
    (tmp_path / f"{file}-hi-question-hi.json").write_text(hindi, encoding="utf-8")
    (tmp_path / f"{file}-en-question-en.json").write_text(squad("the dog", "two", "more"))
    items = load_questions(task, folder)
    english = english_references(task, items, folder)
    assert english == [("the dog",), ("two",)]
    entry = summary(score_answers(task, items, ["dog", "दो"], english), GIVEN, None)
    assert (entry["exact_match"], entry["exact_match_english"]) == (50.0, 50.0)


def test_latin_script_languages_have_no_answer_language_without_the_identifier(tmp_path, monkeypatch):
    (tmp_path / "xquad.de.json").write_text(squad("Anna"))
    task = find_task("ogx_xquad_de")
    items = load_questions(task, str(tmp_path))
    entry = summary(score_answers(task, items, ["Anna"], None), GIVEN, None)
    assert entry["exact_match"] == entry["in_context"] == 100
    shares = {"target": 0.0, "english": 0.0, "other": 0.0, "unknown": 100.0, "items": 1}
    assert (entry["answer_language"], entry["language_identifier"]) == (shares, identifier())
    for module in (results_module, language_module):
        monkeypatch.setattr(module, "identifier", lambda: None)
    scored = score_answers(task, items, ["Anna"], None)
    entry = summary(scored, GIVEN, None)
    assert (entry.get("answer_language"), entry["language_identifier"], entry["exact_match"]) == (None, None, 100)
    (row,) = prediction_rows(scored, [Answer("Anna", False, "stop")])
    assert row["in_context"] is True
    assert "answer_language" not in row
    require_entries(Path("results.json"), {"fingerprint": "0"}, {task.name: entry | {"contexts": None}})


def test_without_icu_the_score_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)
    monkeypatch.setitem(sys.modules, "icu4py.breakers", None)
    with pytest.raises(UserError, match="commit-llm\\[seg\\]"):
        words("ไทย", "th")
    question = Question("0", "0-0", "ไทย", "?", ("ไทย",))
    assert score_answers(TASKS["ogx_xquad_th"], [question], ["ไทย"], None).scores == [AnswerScores(1.0, 1.0)]


@pytest.mark.parametrize(
    ("seen", "part"),
    [
        (None, ""),
        (Contamination(3, None), ""),
        (Contamination(3, 0), ""),
        (Contamination(3, 2), "contaminated:2-of-3-contexts|"),
    ],
)
def test_the_signature_names_contaminated_contexts(seen, part):
    assert f"|limit:none|{part}version:" in signature(TASK, GIVEN, None, False, seen)


@pytest.mark.parametrize(
    ("name", "answering", "start"),
    [
        ("ogx_xquad_de", GIVEN, "task-version:1.0|labels:de|bos:no|normaliser:squad-1.1|decoding:given|"),
        ("xquad_instruct_de", GIVEN, "task-version:2.0|labels:alpaca|normaliser:squad-1.1|decoding:given|"),
        ("xquad_instruct_de", {"bos": "yes", **GIVEN}, "task-version:2.0|labels:alpaca|bos:yes|normaliser:squad-1.1|"),
        ("xquad_chat_de", GIVEN, "task-version:1.0|labels:chat|normaliser:squad-1.1|decoding:given|"),
        ("xquad_chat_de", {"template": "0f", **GIVEN}, "task-version:1.0|labels:chat|template:0f|normaliser:"),
    ],
)
def test_a_signature_says_what_is_known_of_bos_and_template(name, answering, start):
    assert signature(find_task(name), answering, None, False, None).startswith(f"task:{name}|{start}")


def test_the_entry_of_a_task():
    scored = score_answers(TASK, [*ITEMS, *ITEMS], ["", " \t"], None)
    entry = summary(scored, GIVEN, None, Contamination(3, 0))
    assert (entry["contexts"], entry["contaminated_contexts"]) == (3, 0)
    assert entry["empty"] == 2
    # Of answers made elsewhere: nothing is said of a model that is not there.
    assert not {"contexts", "contaminated_contexts"} & set(summary(scored, GIVEN, None))


def test_an_entry_is_what_readers_of_results_json_ask_for():
    model = {"fingerprint": "0", "training": None}
    entry = summary(score_answers(TASK, ITEMS, ["Maria"], None), GIVEN, None, Contamination(1, 0))
    require_entries(Path("results.json"), model, {TASK.name: entry})
    assert {*ENTRY, *ENTRY_MAY, *METRICS} - set(entry) == {
        "truncated", "cut",  # those of a model's answers have these too
        "exact_match_english_only",  # where there are English references
        "template_sha256",  # of a chat task that a model answers
        "per_context",  # where only some of each are asked
        "chance", "left_out", "matched", "matched_without_context",  # of tasks that rank
    }  # fmt: skip
