"""A word is found by its decomposed form and by its spelling, and only looked for where there may be another one."""

import time
import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix.engine.canonical import equivalence
from commit_llm.codemix.engine.kernel.respelling import find_respelt, may_be_respelt
from commit_llm.codemix.engine.tables import original_table
from commit_llm.codemix.finding.spelling import nfc, spelling

MARKS = st.sampled_from("\u0301\u0323\u0302\u0345\u034f\u093c\u05bc\u0338\u3099\u094d\u1161\u11a8\u00ad\u200d’'ʼ״")
LETTERS = st.sampled_from("eÅ\u212bộế\u0958\u0928ΐᾂשׁ각가\u1100\ufa1c\U0001109a\u0dd9")
TEXTS = st.lists(LETTERS | MARKS | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).map("".join)


def octets(text):
    return np.frombuffer(text.encode(), np.uint8)


def finds(form, text):
    """Whether a dictionary with the form alone has the text."""
    table = original_table({unicodedata.normalize("NFD", form): ["x"]})
    return find_respelt(equivalence(), *table[:3], octets(text), 0, len(text.encode())) >= 0


@given(TEXTS)
def test_a_word_is_found_by_any_spelling(text):
    for form in (nfc(text), spelling(nfc(text))):
        if form:
            for other in (text, nfc(text), unicodedata.normalize("NFD", text)):
                assert finds(form, other)
    assert not finds(text + "e", text)


@given(TEXTS)
def test_what_is_passed_over_is_spelt_as_it_stands(text):
    if not may_be_respelt(equivalence().about, octets(text), 0, len(text.encode())):
        assert spelling(nfc(text)) == text


def test_words_of_usual_texts_are_passed_over():
    for text in ("dogs", "don't", "σκύλος", "क्षत्रिय", "việt", "고양이", "שָׁלוֹם", "мой"):
        composed = octets(nfc(text))
        assert not may_be_respelt(equivalence().about, composed, 0, len(composed)), text


def test_marks_out_of_order_are_not_passed_over():
    """Also such as are part of no composed letter."""
    for text in ("ש\u05c1\u05b8", "क\u094d\u0334"):
        assert nfc(text) != text
        assert may_be_respelt(equivalence().about, octets(text), 0, len(text.encode()))
        assert finds(nfc(text), text)


def test_linear_time():
    """Marks that are all out of order are put into it at once."""
    text = "a" + "\u0301\u0323" * 200_000
    finds("a", "a")
    begun = time.perf_counter()
    assert not finds("a", text)
    assert time.perf_counter() - begun < 20  # one after another: minutes
