"""Make arrays that tell canonical equivalence and spelling, for the compiled engine: what unicodedata knows."""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.finding.spelling import respelt

PLANES = (range(0x32000), range(0xE0000, 0xE0200))  # elsewhere nothing decomposes, and nothing has a class
HANGUL, HANGUL_END, LEADS, VOWELS, TAILS, VOWEL_COUNT, TAIL_COUNT = 0xAC00, 0xD7A4, 0x1100, 0x1161, 0x11A7, 21, 28
# Beside a combining class, in `about`: the code point may be spelt otherwise where it is in a composed text; it has a
# decomposition; it is not what it is spelt as (codemix/finding/spelling.py).
MAY_CHANGE, DECOMPOSES, RESPELT = 256, 512, 1024


class Equivalence(NamedTuple):
    """Hold what is to be known of code points. Numba takes a tuple of arrays as it is.

    about: uint16 (0x110000,), the combining class, and flags. Where none of a word's code points has a flag and its
        combining classes do not fall before one that is not zero, the word is composed, and spelt as it stands.
    decomposed, starts, points: the code points that have full canonical decompositions, but syllables of Hangul, in
        order; that of decomposed[n] is points[starts[n]:starts[n + 1]].
    respelt, spelt: the code points of `spelling.respelt`, in order, and what stands for each; -1 for nothing.
    """

    about: np.ndarray
    decomposed: np.ndarray
    starts: np.ndarray
    points: np.ndarray
    respelt: np.ndarray
    spelt: np.ndarray


@cache
def equivalence() -> Equivalence:
    """Make the arrays. Built on first use: walking Unicode takes about 0.1 s."""
    about = np.zeros(0x110000, np.uint16)
    decompositions: dict[int, list[int]] = {}
    for point in (point for plane in PLANES for point in plane):
        character = chr(point)
        about[point] |= unicodedata.combining(character)
        decomposed = unicodedata.normalize("NFD", character)
        if decomposed == character:
            continue
        about[point] |= DECOMPOSES
        if HANGUL <= point < HANGUL_END:
            continue
        decompositions[point] = [*map(ord, decomposed)]
        if unicodedata.normalize("NFC", character) != character:
            about[point] |= MAY_CHANGE
        else:  # what follows the first character of a pair that is composed
            about[int(unicodedata.decomposition(character).split()[1], 16)] |= MAY_CHANGE
    about[VOWELS : VOWELS + VOWEL_COUNT] |= MAY_CHANGE
    about[TAILS + 1 : TAILS + TAIL_COUNT] |= MAY_CHANGE
    respellings = sorted(respelt().items())
    about[[point for point, _ in respellings if point >= 128]] |= RESPELT
    parts = list(decompositions.values())
    return Equivalence(
        about,
        np.array(list(decompositions), np.int32),
        np.cumsum([0, *map(len, parts)]).astype(np.int32),
        np.array([point for part in parts for point in part], np.int32),
        np.array([point for point, _ in respellings], np.int32),
        np.array([ord(sign) if sign else -1 for _, sign in respellings], np.int32),
    )
