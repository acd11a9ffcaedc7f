"""Cut the words out of a text that new pieces may be parts of: letters alone, and the space before them."""

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache

JOINERS = "\u200c\u200d"  # of zero width; part of the letter before them


def letter_runs(text: str) -> Iterator[str]:
    """Give the runs of letters and marks of a text, each with the one space before it, if there is one.

    >>> list(letter_runs("ο γάτος, 12x"))
    ['ο', ' γάτος', 'x']
    """
    return (match[0] for match in _pattern().finditer(text))


@cache
def _pattern() -> re.Pattern[str]:
    """Match a run. Python's \\w lacks the marks that vowels of many scripts are."""
    letters = (code for code in range(sys.maxunicode + 1) if _is_part(chr(code)))
    return re.compile(f" ?[{''.join(_ranges(letters))}]+")


def _is_part(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or character in JOINERS


def _ranges(codes: Iterator[int]) -> Iterator[str]:
    """Give ascending codes as ranges of a regular expression."""
    first = last = next(codes)
    for code in codes:
        if code != last + 1:
            yield f"{re.escape(chr(first))}-{re.escape(chr(last))}"
            first = code
        last = code
    yield f"{re.escape(chr(first))}-{re.escape(chr(last))}"
