"""Find words the original's way: cut at single spaces, peel punctuation off both ends."""

import sys
import unicodedata
from functools import cache

import numpy as np

ASCII_SYMBOLS = "".join(map(chr, [*range(33, 48), *range(58, 65), *range(91, 97), *range(123, 127)]))


@cache
def skip_characters() -> str:
    """Give the characters that are peeled off a piece (docs/behaviour.md, "Code-mixing").

    Space, tab, line feed, carriage return, ASCII punctuation and symbols, and every character of
    Unicode category Zs or P*. Built on first use: walking all of Unicode takes about 0.2 s.
    """
    unicode_marks = (
        character
        for character in map(chr, range(128, sys.maxunicode + 1))
        if (category := unicodedata.category(character)) == "Zs" or category[0] == "P"
    )
    return " \t\n\r" + ASCII_SYMBOLS + "".join(unicode_marks)


@cache
def skip_table() -> np.ndarray:
    """Say of each code point whether it is one of `skip_characters`, bool (0x110000,)."""
    table = np.zeros(sys.maxunicode + 1, np.bool_)
    table[[ord(character) for character in skip_characters()]] = True
    return table


def core(piece: str) -> tuple[int, int]:
    """Tell where the word of a piece begins and ends (end excluded); (n, n) where nothing is left.

    >>> core("(the),")
    (1, 4)
    """
    skip = skip_characters()
    start = len(piece) - len(piece.lstrip(skip))
    return start, max(start, len(piece.rstrip(skip)))
