"""Runs of letters: marks are part of them, and one space before."""

import pytest

from commit_llm.vocabulary.letters import letter_runs


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("ο γάτος, 12x", ["ο", " γάτος", "x"]),
        ("the dog's  end", ["the", " dog", "s", " end"]),
        ("हिन्दी में", ["हिन्दी", " में"]),  # vowel signs and the virama are marks
        ("ภาษาไทยที่", ["ภาษาไทยที่"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("a_b\nc", ["a", "b", "c"]),
        ("12 :-) \u200b", []),
    ],
)
def test_letter_runs(text, runs):
    assert list(letter_runs(text)) == runs
