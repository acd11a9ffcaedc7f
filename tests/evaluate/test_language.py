"""Answer language, words of unspaced scripts, and the scores beside the task's own."""

import json
import sys

import pytest

from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.errors import UserError
from commit_llm.evaluate.language import answer_language, language_shares
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import Marks, mark, summary
from commit_llm.evaluate.scores import normalise_squad, score, words, words_f1
from commit_llm.evaluate.tasks import TASKS, find_task


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("στην Αθήνα", "el", "target"),
        ("in Athens", "el", "latin"),
        ("στην Athens", "el", "mixed"),
        ("Афины", "el", "mixed"),
        ("1982, 3.", "el", "neutral"),
        ("", "el", "neutral"),
        ("दिल्ली", "hi", "target"),
        ("กรุงเทพฯ ๒๕", "th", "target"),
        ("１２ Ａ", "zh", "latin"),
        ("北京", "zh", "target"),
        ("القاهرة", "ar", "target"),
        ("Москва́", "ru", "target"),
        ("№5, 5 ℃", "el", "neutral"),
        ("佐々木", "zh", "target"),
    ],
)
def test_answer_language(text, language, kind):
    assert answer_language(text, language) == kind


def test_every_language_of_the_tasks_has_the_script_of_its_references(shared):
    for language in ("el", "hi", "th"):
        items = load_questions(find_task(f"ogx_xquad_{language}"), str(shared.data("xquad")))
        shares = language_shares([item.references[0] for item in items], [item.references for item in items], language)
        assert shares["target"] == 100.0
        assert 600 < shares["items"] < 1190  # the others are numbers and Latin names


def test_questions_about_numbers_say_nothing_about_the_language():
    answers, references = ["Athens", "Αθήνα", "1982", "1982"], [["Αθήνα"], ["Αθήνα"], ["Πάτρα"], ["1982"]]
    assert language_shares(answers, references, "el") == {
        "target": 33.33, "latin": 33.33, "mixed": 0.0, "neutral": 33.33, "items": 3,
    }  # fmt: skip
    assert language_shares(["x"], [["1982"]], "el") == {"items": 0}


def test_scripts_of_no_letters():
    assert scripts(" 1.5 €") == frozenset()


def test_icu_words():
    pytest.importorskip("icu4py", reason="the extra seg is not installed")
    assert words("ประเทศไทย มีข้าว!", "th") == ["ประเทศไทย", "มี", "ข้าว"]
    assert words("我喜欢 Peking。", "zh") == ["我", "喜欢", "peking"]
    assert words_f1("มีข้าว", ["ไทย", "ข้าว"], "th") == pytest.approx(2 / 3)
    assert score("มีข้าว", ["ข้าว"], normalise_squad).f1 == 0  # SQuAD's F1 knows spaces only


def test_without_icu_the_score_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "icu4py", None)
    monkeypatch.setitem(sys.modules, "icu4py.breakers", None)
    with pytest.raises(UserError, match="commit-llm\\[seg\\]"):
        words("ไทย", "th")
    item = type("Item", (), {"references": ("ไทย",)})
    assert mark(TASKS["ogx_xquad_th"], [item], ["ไทย"], None) == [Marks(1.0, 1.0)]


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
    found = summary(task, items, ["Athens", "Πάτρα", "7"], english, "given", None)
    assert (found["exact_match"], found["exact_match_english"]) == (66.67, 66.67)
    assert found["answer_language"] == {"target": 50.0, "latin": 50.0, "mixed": 0.0, "neutral": 0.0, "items": 2}
    assert "labels:alpaca|bos:yes" in found["signature"]
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
    found = summary(task, items, ["dog", "दो"], english, "given", None)
    assert (found["exact_match"], found["exact_match_english"]) == (50.0, 50.0)


def test_latin_script_languages_have_no_answer_language(tmp_path):
    (tmp_path / "xquad.de.json").write_text(squad("Athen"))
    task = find_task("ogx_xquad_de")
    found = summary(task, load_questions(task, str(tmp_path)), ["Athen"], None, "given", None)
    assert found["exact_match"] == 100
    assert "answer_language" not in found
