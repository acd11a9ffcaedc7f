"""The kernel looks wherever something protected begins, in any text, and nowhere without need."""

import time
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given

from commit_llm.codemix.engine.kernel.triggers import KINDS, find_triggers
from commit_llm.codemix.finding.protection import protected_spans
from tests.codemix.finding.test_protection import CODE, MARKUP, TEXTS


def triggers(*texts):
    """Places in characters, a list a text, which stand one after another in one array."""
    encoded = [text.encode() for text in texts]
    ends = np.array(list(accumulate(map(len, encoded))))
    starts = ends - [len(one) for one in encoded]
    numbers, places = find_triggers(KINDS, np.frombuffer(b"".join(encoded), np.uint8), starts, ends)
    lists = [[] for _ in texts]
    for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
        lists[number].append(len(encoded[number][: place - starts[number]].decode()))
    return lists


def test_nothing_protected_is_missed():
    texts = [text for text, _ in [*CODE, *MARKUP]]
    words = [word for text in texts for word in text.split(" ")]
    for text, places in zip([*texts, *words], triggers(*texts, *words), strict=True):
        assert protected_spans(text, places) == protected_spans(text)


@given(TEXTS, TEXTS)
def test_nothing_protected_is_missed_in_any_text(one, two):
    for text, places in zip((one, two), triggers(one, two), strict=True):
        assert protected_spans(text, places) == protected_spans(text)


@pytest.mark.parametrize(
    "text",
    [
        "it cost $5, $6 or US$7 at 50 % off, 5% more",
        "and/or he/she 1/2 km/h",
        "self-made -dogs 5-a --- -",
        "AT & T's ] (a): to go < 3 ~ ",
    ],
)
def test_frequent_signs_of_plain_text_cost_nothing(text):
    assert triggers(text) == [[]]


@pytest.mark.parametrize("piece", ["=a/", "ſa/", "a=", "$ ", "a/"])
def test_linear_time(piece):
    """A tenth of a second at most where it is linear, two seconds where each slash looks through all that follows."""
    triggers(piece)
    begun = time.process_time()
    find_triggers(KINDS, np.frombuffer((piece * 40_000).encode(), np.uint8), np.array([0]), np.array([80_000]))
    assert time.process_time() - begun < 0.5
