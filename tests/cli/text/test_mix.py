"""What `commit-llm mix` says at its end."""

from pathlib import Path

import pytest

from commit_llm.cli.text.mix import as_text
from commit_llm.codemix import Counts
from commit_llm.data.mix_file import MixedFile

WORDS = {"replaced": 60, "not_drawn": 20, "not_in_dictionary": 1220, "changed": 60}
PLAIN = """\
9 rows, 1,300 words
     60    4.6 %  replaced: swapped for a translation
     20    1.5 %  not drawn: the draw left it, as the ratio asks
  1,220   93.8 %  not in the dictionary: the dictionary has no translation of it
6.2 % of the words could be replaced; 75.0 % of those were, 90.0 % were asked for
wrote out.jsonl and out.jsonl.provenance.json"""


def said(sentence_ratio=None, **counts):
    mixed = MixedFile(9, 0, Counts(**WORDS | counts))
    return as_text(mixed, Path("out.jsonl"), 0.9, sentence_ratio)


def test_words_alone():
    """As a whole: who changes it looks at it."""
    assert said() == PLAIN


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ({"phrases": 1}, "                  with all words of 1 phrase"),
        ({"phrases": 1200, "sentences": 2}, "                  with all words of 1,200 phrases and 2 sentences"),
        ({"left_out": 3}, "  left out of the draw, for an answer or for code: 3 phrases and sentences"),
        ({"changed": 52}, "  52 of the replaced words are another word now, 4.0 % of all words"),
        ({"answer": 2}, "      2    0.2 %  kept for an answer: so that the output is still found"),
    ],
)
def test_what_occurs_is_said(counts, line):
    assert line in said(**counts).split("\n")


def test_both_ratios():
    assert "75.0 % of those were; 90.0 % of words and 50.0 % of sentences were asked for" in said(sentence_ratio=0.5)
