"""The language of an answer, and the shares of languages."""

import pytest

from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.evaluate.language import answer_language, language_shares
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task


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


def test_scripts_of_no_letters():
    assert scripts(" 1.5 €") == frozenset()


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
