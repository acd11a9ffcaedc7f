"""Tokens a word, before and after mixing: those of the texts alone, and of the sources that are mixed."""

from dataclasses import dataclass, replace

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.token_growth import TokensAWord, tokens_a_word

RECORDS = [{"text": "a dog runs", "note": "dog dog dog"}, {"text": "the dog"}]


@dataclass
class Letters:
    """A tokenizer with a token a letter."""

    def encode(self, text):
        return [letter for letter in text if letter != " "]


class Texts:
    """All fields of a record, and a prompt that nobody counts."""

    def texts(self, record, index):
        return dict(record)


@pytest.fixture
def make():
    mixer = CodeMixer(BilingualDictionary({"dog": ["skylos"]}), ratio=1.0, languages="en-fr")
    return ExampleMaker(Texts(), RECORDS, Letters(), mixer, mix_fields=("text",))


def order(*makes):
    return Examples(range(len(RECORDS)), makes[0])


@pytest.mark.slow
def test_the_words_and_tokens_of_what_is_mixed(make):
    # a dog runs, the dog: 5 words of 14 letters; skylos has 3 letters more than dog
    assert tokens_a_word([make], order(make)) == TokensAWord(14 / 5, 20 / 5)
    everything = replace(make, mix_fields=())
    assert tokens_a_word([everything], order(everything)) == TokensAWord(23 / 8, 38 / 8)


def test_where_nothing_is_mixed(make):
    plain = replace(make, mixer=None)
    assert tokens_a_word([plain], order(plain)) is None
