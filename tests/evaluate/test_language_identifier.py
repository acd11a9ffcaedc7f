"""The identifier of languages in Latin letters: what it is asked, what it answers, what it is not asked."""

import re

import pytest

from commit_llm.evaluate import language_identifier
from commit_llm.evaluate.language_identifier import identifier, identify
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task


class AlwaysGerman:
    def __init__(self, probability):
        self.probability = probability

    def classify(self, text):
        return "de", self.probability


@pytest.mark.parametrize(
    ("text", "probability", "language"),
    [
        ("eins zwei drei vier", 0.5, "de"), ("eins zwei drei vier", 0.49, None), ("eins zwei drei", 0.99, None),
        ("eins zwei drei 4", 0.99, None), ("1 160 000 000", 0.99, None), ("", 0.99, None),
        ("  eins\n zwei drei  vier", 0.99, "de"),
    ],
)  # fmt: skip
def test_four_words_and_half_of_the_probability(monkeypatch, text, probability, language):
    monkeypatch.setattr(language_identifier, "_model", lambda: AlwaysGerman(probability))
    assert identify(text) == language


@pytest.mark.parametrize(
    ("release", "name"),
    [("0.4.0", "py3langid 0.4.0"), ("0.10", "py3langid 0.10"), ("1", "py3langid 1"), ("0.3.0", None), (None, None)],
)
def test_a_release_with_a_pickle_is_not_used(monkeypatch, release, name):
    def version(package):
        if release is None:
            raise language_identifier.PackageNotFoundError(package)
        return release

    monkeypatch.setattr(language_identifier, "version", version)
    assert identifier.__wrapped__() == name


@pytest.mark.slow
def test_sentences_and_questions_in_english(shared):
    """docs/evaluation.md has the figures in Spanish and Turkish."""
    items = load_questions(find_task("xquad_instruct_en"), str(shared.data("xquad")))
    sentences = [
        sentence
        for item in items[:200]
        for sentence in re.split(r"(?<=[.!?]) ", item.context)
        if sentence.count(" ") > 8
    ]
    for texts in (sentences, [item.question for item in items]):
        assert sum(identify(text) == "en" for text in texts) / len(texts) > 0.99
    assert identify("¿Cuántos puntos dejó en el campo la defensa?") == "es"
    assert identify("Der Hund läuft schnell durch den dunklen Wald") == "de"
    assert identify("Savunma kaç puan bıraktı ve kim kazandı?") == "tr"
