"""Draw by counters: every draw is a pure function of where it is made.

The hash is "SplitMix64 chain, version 1": the words are folded one after another into 64 bits with
the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014; constants of Stafford's variant 13). Text is folded in as its FNV-1a hash.
tests/codemix/test_randomness.py freezes it: a change breaks every user's mixed data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

MASK = (1 << 64) - 1
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
# Each keeps some draws apart from all others: of examples that are left in English, of phrases, sentences, languages.
UNMIXED = 0x554E_4D49_5845_4400
PHRASE, SENTENCE, LANGUAGE = 0x5048_5241_5345_0000, 0x5345_4E54_454E_4345, 0x4C41_4E47_5541_4745


def mix64(value: int) -> int:
    """Apply SplitMix64's finaliser, a bijection of 64-bit integers."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def hash64(*words: int) -> int:
    """Fold integers (taken modulo 2^64) into one 64-bit hash."""
    state = 0
    for word in words:
        state = fold(state, word)
    return state


def fold(state: int, word: int) -> int:
    """Fold one more word into a hash: fold(hash64(1, 2), 3) is hash64(1, 2, 3)."""
    return mix64(((state ^ (int(word) & MASK)) + GOLDEN_GAMMA) & MASK)


def text64(text: str) -> int:
    """Hash the text's UTF-8 bytes by FNV-1a."""
    state = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        state = ((state ^ byte) * 0x100000001B3) & MASK
    return state


def text64_all(texts: Sequence[bytes]) -> np.ndarray:
    """Hash texts in UTF-8 as `text64` does, uint64: all of them a byte at a time.

    >>> [text64(text) for text in ("", "σκύλος")] == text64_all([b"", "σκύλος".encode()]).tolist()
    True
    """
    lengths = np.array([len(text) for text in texts], np.int64)
    longest_first = np.argsort(-lengths, kind="stable")
    places = (np.cumsum(lengths) - lengths)[longest_first]
    data = np.frombuffer(b"".join(texts), np.uint8)
    states = np.full(len(texts), 0xCBF29CE484222325, np.uint64)
    left = np.cumsum(np.bincount(lengths)[::-1])[::-1][1:].tolist() if len(texts) else []  # longer than 0, 1, ... bytes
    for position, count in enumerate(left):
        states[:count] = (states[:count] ^ data[places[:count] + position]) * np.uint64(0x100000001B3)
    hashes = np.empty_like(states)
    hashes[longest_first] = states
    return hashes


def unit_float(bits: int) -> float:
    """Make a float in [0, 1) of the upper 53 of 64 bits."""
    return (bits >> 11) * 2.0**-53


def permutation(length: int, *key: int) -> np.ndarray:
    """Permute range(length), int64, as the key says: indices sorted by their hash."""
    return np.argsort(fold_all(hash64(*key), np.arange(length)), kind="stable")


def fold_all(state: int, words: np.ndarray) -> np.ndarray:
    """Fold each of the words into a hash, as `fold` does: uint64."""
    with np.errstate(over="ignore"):
        states = (np.uint64(state) ^ words.astype(np.uint64)) + np.uint64(GOLDEN_GAMMA)
        states = (states ^ (states >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        states = (states ^ (states >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return states ^ (states >> np.uint64(31))


class Draws(Protocol):
    """Make the random decisions about one text in style `original`."""

    def replace(self, position: int, ratio: float) -> bool:
        """Say whether the word of the dictionary at this position is replaced, with probability ratio."""

    def choose(self, position: int, translations: Sequence[str]) -> str:
        """Choose the translation that replaces it; called only where replace said yes."""


@dataclass(frozen=True)
class OccurrenceDraws:
    """Draw for every occurrence: a function of (seed, epoch, row, field, word position).

    key: hash64(seed, epoch, row, text64(field)); see `occurrence_draws`.
    """

    key: int

    def replace(self, position: int, ratio: float) -> bool:
        return unit_float(hash64(self.key, position, 0)) < ratio

    def choose(self, position: int, translations: Sequence[str]) -> str:
        return translations[(hash64(self.key, position, 1) * len(translations)) >> 64]


def occurrence_draws(seed: int, epoch: int, row: int, field: str) -> OccurrenceDraws:
    """Make the draws for one field of the record at an index of the whole data, in one epoch, from 0."""
    return OccurrenceDraws(hash64(seed, epoch, row, text64(field)))
