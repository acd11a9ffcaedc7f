"""The language of an answer, and the shares of languages."""

import pytest

from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.evaluate import language as language_module
from commit_llm.evaluate.language import answer_language, identified_language, language_shares, languages_of
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


def shares_of(answers, references, language):
    return language_shares(languages_of(answers, language), references, language)


def test_every_language_of_the_tasks_has_the_script_of_its_references(shared):
    for language in ("el", "hi", "th"):
        items = load_questions(find_task(f"ogx_xquad_{language}"), str(shared.data("xquad")))
        shares = shares_of([item.references[0] for item in items], [item.references for item in items], language)
        assert shares["target"] == 100.0
        assert 600 < shares["items"] < 1190  # the others are numbers and Latin names


def test_questions_about_numbers_say_nothing_about_the_language():
    answers, references = ["Athens", "Αθήνα", "1982", "1982"], [["Αθήνα"], ["Αθήνα"], ["Πάτρα"], ["1982"]]
    assert shares_of(answers, references, "el") == {
        "target": 33.33, "latin": 33.33, "mixed": 0.0, "neutral": 33.33, "items": 3,
    }  # fmt: skip
    assert shares_of(["x"], [["1982"]], "el") == {"items": 0}


@pytest.fixture
def first_word(monkeypatch):
    """An identifier that takes the first word for the language's code, and `?` for none."""
    monkeypatch.setattr(language_module, "identify", lambda text: text.split()[0].replace("?", "") or None)


@pytest.mark.parametrize(
    ("text", "language", "kind"),
    [
        ("es de un solo golpe", "es", "target"), ("en at one blow", "es", "english"), ("tr bir", "es", "other"),
        ("? Madrid", "es", "unknown"), ("en at one blow", "en", "target"), ("es de un solo golpe", "en", "other"),
    ],
)  # fmt: skip
def test_a_language_without_letters_of_its_own(first_word, text, language, kind):
    assert identified_language(text, language) == kind


def test_every_answer_counts_where_letters_do_not_tell_the_language(first_word):
    answers, references = ["es", "en", "?", "?"], [["1982"]] * 4
    shares = {"target": 25.0, "english": 25.0, "other": 0.0, "unknown": 50.0, "items": 4}
    assert shares_of(answers, references, "es") == shares
    del shares["english"]  # of English questions, English is the language itself
    assert shares_of(answers, references, "en") == shares | {"other": 25.0}


def test_without_the_identifier_nothing_is_said_of_a_language_in_latin_letters(monkeypatch):
    monkeypatch.setattr(language_module, "identifier", lambda: None)
    assert languages_of(["Madrid"], "es") is None
    assert languages_of(["Αθήνα"], "el") == ["target"]
