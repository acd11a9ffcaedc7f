"""The lexicon finds a word in every spelling and case that its language has, and skips it so too."""

import time
import unicodedata

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.lexicon import Skips
from commit_llm.codemix.finding.spelling import nfc
from tests.codemix.toy import EVERY


@pytest.mark.parametrize(
    ("language", "word", "skipped"),
    [
        ("el", "σκύλος", ["ΣΚΥΛΟΣ", "ΣΚΎΛΟΣ", "Σκύλος", unicodedata.normalize("NFD", "σκύλος")]),
        ("de", "straße", ["STRASSE", "STRAẞE", "Straße"]),
        ("tr", "ışık", ["IŞIK", "Işık"]),
        ("hy", "երևան", ["ԵՐԵՎԱՆ", "Երևան"]),
        ("en", "don't", ["don’t", "DON'T", "Don’t"]),
        ("en", "Polish", ["polish", "POLISH"]),
    ],
)
def test_a_word_is_skipped_however_it_is_written(language, word, skipped):
    assert all(word in Skips([skip], [language]) for skip in skipped)


@pytest.mark.parametrize(
    ("language", "word", "skip"), [("de", "maße", "masse"), ("tr", "ilk", "ILK"), ("el", "σκύλος", "σκυλος")]
)
def test_another_word_is_not_skipped(language, word, skip):
    assert word not in Skips([skip], [language])


@pytest.mark.slow
def test_many_marks_take_linear_time():
    """unicodedata puts marks into order in the square of their number: 150,000 would take it a minute and a half."""
    word = "dog" + "\u0301\u0323" * 75_000
    EVERY.mix_example({"text": "dog"}, row=0)  # compiles
    begun = time.process_time()
    mixer = CodeMixer(BilingualDictionary.from_pairs([(word, "σκύλος"), ("dog", word)], "en-el"), ratio=1.0)
    assert mixer.mix(word).text == "σκύλος"
    assert mixer.mix_example({"text": word}, row=0).texts["text"] == "σκύλος"
    assert time.process_time() - begun < 10


def test_marks_in_order_are_the_same_text():
    for marks in ("\u0301\u0323", "\u0323\u0301", "\u0e48\u0e38", "\u0344\u05b0\u0323"):
        text = "e" + marks * 100
        assert nfc(text) == unicodedata.normalize("NFC", text)
