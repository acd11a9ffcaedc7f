"""Measures of mixing: cases reckoned by hand, and a definition of each for one utterance in plain Python."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix.metrics import (
    code_mixing_index,
    integration_index,
    mixing_metrics,
    multilingual_index,
    switch_point_fraction,
    tags_of_words,
)
from commit_llm.codemix.outcome import Annotation, Outcome, Unit, Word

# Tags of one utterance, its CMI, M-index, and switches per boundary (SPF and I-index of a single utterance).
CASES = [
    ("", 0, 0, 0),
    ("-", 0, 0, 0),
    ("--", 0, 0, 0),
    ("0", 0, 0, 0),
    ("1", 0, 0, 0),
    ("1-", 0, 0, 0),
    ("0000", 0, 0, 0),
    ("01", 50, 1, 1),
    ("0-1", 50, 1, 1),  # seen across a token of no language
    ("0001", 25, 0.6, 1 / 3),  # (1 - 10/16) / (10/16)
    ("0011", 50, 1, 1 / 3),
    ("0101", 50, 1, 1),
    ("012", 200 / 3, 1, 1),
    ("02", 50, 1, 1),  # a language that does not occur is none of the k
    ("0012", 50, (1 - 6 / 16) / (2 * 6 / 16), 2 / 3),
    ("0011--1100011", 100 * 5 / 11, 60 / 61, 3 / 10),
]


def tagged(*utterances):
    tags = [-1 if tag == "-" else int(tag) for text in utterances for tag in text]
    return np.array(tags, np.int8), np.cumsum([0, *map(len, utterances)], dtype=np.int64)


@pytest.mark.parametrize(("text", "cmi", "m_index", "switching"), CASES)
def test_one_utterance(text, cmi, m_index, switching):
    tags, offsets = tagged(text)
    assert code_mixing_index(tags, offsets) == pytest.approx([cmi])
    assert multilingual_index(tags) == pytest.approx(m_index)
    assert switch_point_fraction(tags, offsets) == pytest.approx([switching])
    assert integration_index(tags, offsets) == pytest.approx(switching)
    assert mixing_metrics(tags, offsets) == pytest.approx((cmi, m_index, switching, switching))


def test_a_corpus():
    """Means per utterance for CMI and SPF, without those that hold no word; sums for the other two."""
    tags, offsets = tagged("0001", "", "01", "--", "000")
    assert code_mixing_index(tags, offsets) == pytest.approx([25, 0, 50, 0, 0])
    assert switch_point_fraction(tags, offsets) == pytest.approx([1 / 3, 0, 1, 0, 0])
    assert integration_index(tags, offsets) == pytest.approx(2 / 6)
    squares = (7**2 + 2**2) / 9**2
    assert mixing_metrics(tags, offsets) == pytest.approx((25, (1 - squares) / squares, 2 / 6, (1 / 3 + 1) / 3))


def test_an_utterance_ends_a_switch():
    apart, one = tagged("00", "11"), tagged("0011")
    assert integration_index(*apart) == 0
    assert integration_index(*one) == pytest.approx(1 / 3)
    assert mixing_metrics(*tagged()) == (0, 0, 0, 0)


def cmi_in_plain_python(tags):
    counts = Counter(tag for tag in tags if tag >= 0)
    return 100 * (1 - max(counts.values()) / sum(counts.values())) if counts else 0.0


def switches_in_plain_python(tags):
    words = [tag for tag in tags if tag >= 0]
    return sum(one != other for one, other in pairwise(words)), max(len(words) - 1, 0)


def m_index_in_plain_python(tags):
    counts = Counter(tag for tag in tags if tag >= 0)
    squares = sum((count / counts.total()) ** 2 for count in counts.values())
    return (1 - squares) / ((len(counts) - 1) * squares) if len(counts) > 1 else 0.0


@given(st.lists(st.lists(st.integers(-1, 3))))
def test_equal_to_the_definitions(utterances):
    tags = np.array([tag for utterance in utterances for tag in utterance], np.int8)
    offsets = np.cumsum([0, *map(len, utterances)], dtype=np.int64)
    assert code_mixing_index(tags, offsets) == pytest.approx([cmi_in_plain_python(each) for each in utterances])
    found = [switches_in_plain_python(each) for each in utterances]
    assert switch_point_fraction(tags, offsets) == pytest.approx([s / b if b else 0.0 for s, b in found])
    total = [sum(column) for column in zip(*found, strict=True)] or [0, 0]
    assert integration_index(tags, offsets) == pytest.approx(total[0] / max(total[1], 1))
    assert multilingual_index(tags) == pytest.approx(
        m_index_in_plain_python([tag for each in utterances for tag in each])
    )


@given(st.lists(st.lists(st.integers(-1, 3))))
def test_ranges(utterances):
    metrics = mixing_metrics(
        np.array([tag for utterance in utterances for tag in utterance], np.int8),
        np.cumsum([0, *map(len, utterances)], dtype=np.int64),
    )
    assert 0 <= metrics.cmi <= 75  # four languages
    assert all(0 <= value <= 1 + 1e-9 for value in metrics[1:])


def test_tags_of_words():
    """One tag a source word, whatever its translation's length."""
    first = [Word(n, n + 1, outcome, "δύο λέξεις" if outcome == 0 else None) for n, outcome in enumerate(Outcome)]
    tags, offsets = tags_of_words([first, [], first[:1]])
    assert tags.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, -1, 1]
    assert offsets.tolist() == [0, 9, 9, 10]
    assert (tags.dtype, offsets.dtype) == (np.int8, np.int64)


R = Outcome.REPLACED
DOG, GATO, CAT = Word(0, 1, R, "a", language="el"), Word(0, 1, R, "b", language="es"), Word(0, 1, R, "c")
POLAR_BEAR = Word(0, 9, R, "d", Unit.PHRASE, words=2, language="el")
SENTENCE = Word(0, 9, R, "e", Unit.SENTENCE, words=3, protected=2, language="el")
STAYS = Word(0, 1, Outcome.NOT_DRAWN)


def annotated(word):
    return word._replace(annotation=Annotation.BRACKETS)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([STAYS, GATO, DOG, CAT, GATO], [0, 1, 2, 3, 1]),  # languages, the unknown one too, as they occur
        ([STAYS, POLAR_BEAR], [0, 1, 1]),
        ([SENTENCE, STAYS], [1, 1, 1, -1, -1, 0]),
        ([STAYS, annotated(DOG), STAYS], [0, 0, 1, 0]),
        ([annotated(POLAR_BEAR), GATO], [0, 0, 1, 1, 2]),
        ([annotated(SENTENCE)], [0, 0, 0, 1, 1, 1, -1, -1]),
        ([SENTENCE._replace(outcome=Outcome.REPEATED, translation=None)], [0, 0, 0, -1, -1]),
    ],
)
def test_tags_of_phrases_sentences_annotations_and_languages(words, expected):
    assert tags_of_words([words])[0].tolist() == expected


def test_a_text_of_which_every_word_is_annotated_is_half_in_each_language():
    assert mixing_metrics(*tags_of_words([[annotated(DOG)] * 4])) == (50, 1, 1, 1)


def test_three_languages_in_equal_parts():
    """One an example, as with a language an example: each text is half in another language."""
    metrics = mixing_metrics(*tags_of_words([[STAYS, DOG], [STAYS, GATO], [STAYS, CAT]]))
    assert metrics.cmi == 50
    assert metrics.m_index == pytest.approx((1 - 1 / 3) / (3 * (1 / 4 + 3 / 36)))  # shares 1/2, and 1/6 each
    assert mixing_metrics(*tags_of_words([[STAYS, DOG, GATO]])).m_index == pytest.approx(1)
