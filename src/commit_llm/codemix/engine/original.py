"""Mix in style `original`, in plain Python: cut at spaces, exact case, whole words only, a draw per occurrence."""

import sys
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.codemix.randomness import Draws

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


def explain_original(text: str, translations: Mapping[str, Sequence[str]], ratio: float, draws: Draws) -> list[Word]:
    """Say what becomes of every word of a text (docs/behaviour.md, "Code-mixing").

    >>> from commit_llm.codemix.randomness import occurrence_draws
    >>> draws = occurrence_draws(0, 0, 0, "text")
    >>> words = explain_original("The (dog)  barks", {"dog": ["σκύλος"]}, 1.0, draws)
    >>> [(word.start, word.end, word.outcome.name, word.translation) for word in words]
    [(0, 3, 'NOT_IN_DICTIONARY', None), (5, 8, 'REPLACED', 'σκύλος'), (11, 16, 'NOT_IN_DICTIONARY', None)]
    """
    words = []
    offset = 0
    for position, piece in enumerate(text.split(" ")):
        start, end = core(piece)
        if start < end:
            targets = translations.get(piece[start:end])
            outcome, translation = Outcome.NOT_IN_DICTIONARY, None
            if targets is not None:
                outcome = Outcome.NOT_DRAWN
                if draws.replace(position, ratio):
                    outcome, translation = Outcome.REPLACED, draws.choose(position, targets)
            words.append(Word(offset + start, offset + end, outcome, translation))
        offset += len(piece) + 1
    return words
