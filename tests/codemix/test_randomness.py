"""The randomness is frozen: these vectors may never change, or every user's mixed data does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.randomness import (
    OccurrenceDraws,
    hash64,
    mix64,
    occurrence_draws,
    permutation,
    text64,
    unit_float,
)

FROZEN_HASHES = [0, 16294208416658607535, 15020427595393229491, 16490336266968443936]
FROZEN_PERMUTATION = [4, 3, 5, 0, 7, 6, 1, 2]
FROZEN_REPLACEMENTS = [False, False, True, True, False, True, True, True, False, True, False, False]
FROZEN_CHOICES = "dcebdecccece"


def test_vectors_of_the_hash():
    # The first two outputs of SplitMix64 seeded with 0 (Steele, Lea and Flood's reference generator).
    assert mix64(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF
    assert mix64(2 * 0x9E3779B97F4A7C15 % 2**64) == 0x6E789E6AA1B965F4
    # FNV-1a of "a" and "foobar", from the FNV specification.
    assert text64("a") == 0xAF63DC4C8601EC8C
    assert text64("foobar") == 0x85944171F73967E8
    assert [hash64(), hash64(0), hash64(1, 2, 3), hash64(-1)] == FROZEN_HASHES
    assert permutation(8, 42, 0).tolist() == FROZEN_PERMUTATION


def test_vectors_of_the_draws():
    draws = occurrence_draws(seed=42, epoch=1, row=7, field="output")
    assert [draws.replace(position, 0.5) for position in range(12)] == FROZEN_REPLACEMENTS
    assert [draws.choose(position, "abcde") for position in range(12)] == list(FROZEN_CHOICES)


@given(st.integers(0, 2**32), st.integers(1, 400))
def test_permutation_holds_every_index_once(seed, length):
    assert sorted(permutation(length, seed).tolist()) == list(range(length))


def test_draws_are_uniform_and_differ_by_every_part_of_their_place():
    base = (42, 1, 7, "output")
    changed = [(43, 1, 7, "output"), (42, 2, 7, "output"), (42, 1, 8, "output"), (42, 1, 7, "input")]
    positions = range(20_000)

    def draw(place):
        return np.array([occurrence_draws(*place).replace(position, 0.5) for position in positions])

    reference = draw(base)
    assert abs(reference.mean() - 0.5) < 0.02
    for place in changed:
        assert abs((draw(place) == reference).mean() - 0.5) < 0.02


def test_unit_float_stays_below_one():
    assert unit_float(0) == 0.0
    assert unit_float(2**64 - 1) < 1.0


def test_a_draw_equal_to_the_ratio_is_no_replacement(monkeypatch):
    monkeypatch.setattr("commit_llm.codemix.randomness.hash64", lambda *words: 1 << 63)  # draws exactly 0.5
    assert not OccurrenceDraws(0).replace(0, 0.5)


def test_numpy_integers_do_as_well():
    assert hash64(np.int64(5), np.int32(-1)) == hash64(5, -1)


WORDS = [f"w{chr(97 + n)}" for n in range(16)]
FROZEN_MIXED = {
    "type": "αβ...βββ.αβ.ββαααβ..",
    "occurrence": "βαββ.β...βα.β..βα..β",
}
FROZEN_UNMIXED = [2, 25, 26]


@pytest.mark.parametrize("draw", ["type", "occurrence"])
def test_vectors_of_style_clean(draw):
    """Which words are replaced, and by which of two translations."""
    pairs = [(word, f"{word}{number}") for word in WORDS for number in "αβ"]
    mixer = CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=0.5, draw=draw, seed=42)
    text = " ".join(WORDS + WORDS[:4])
    mixed = mixer.mix_example({"output": text}, row=7, epoch=1)
    assert "".join(word[2:] or "." for word in mixed.texts["output"].split()) == FROZEN_MIXED[draw]


def test_vectors_of_the_examples_left_alone():
    mixer = CodeMixer(BilingualDictionary.from_pairs([("a", "β")]), ratio=1.0, unmixed_share=0.3, seed=5)
    assert [row for row in range(40) if mixer.mix("a", row=row).text == "a"] == FROZEN_UNMIXED
