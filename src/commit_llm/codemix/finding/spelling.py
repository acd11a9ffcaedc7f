"""Tell when two spellings are one: canonical equivalence, unseen characters, and signs for which others are typed.

Of a word that is not in the dictionary as it stands, the composed form is looked up (NFC), and then its `spelling`. So
any two canonically equivalent texts have the same words, and a soft hyphen hides none; yet where a dictionary tells two
words by a joiner, as Persian ones may, each finds its own.
"""

import re
import unicodedata
from functools import cache
from itertools import groupby

import numpy as np

from commit_llm.codemix.finding.characters import APOSTROPHES, DOUBLE_QUOTES, IGNORED, JOINERS, character_classes

# What chooses among the shapes of a character, and a joiner that has no shape.
SELECTORS = "\u034f\u180b\u180c\u180d\u180f" + "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
LETTER_APOSTROPHES = "\u02bc\u02bb"  # letters, as in Ukrainian, Hawaiian and Uzbek, for which ' is often typed
GERSHAYIM = "\u05f4"
LONG_RUN = re.compile(r"[^\w\s]{64,}")  # of marks or signs, more than any word needs


def nfc(text: str) -> str:
    """Give the composed form, in which a letter with its accent is one character, if Unicode has that."""
    return unicodedata.normalize("NFC", in_order(text))


def in_order(text: str) -> str:
    """Put long runs of marks into canonical order, for which unicodedata takes the square of their number."""
    return text if text.isascii() else LONG_RUN.sub(_ordered, text)


def _ordered(run: re.Match[str]) -> str:
    parts: list[str] = []
    for moves, characters in groupby(run.group(), key=lambda mark: unicodedata.combining(mark) > 0):
        marks = list(characters)
        parts += sorted(marks, key=unicodedata.combining) if moves else marks
    return "".join(parts)


def seen(text: str) -> str:
    """Take format characters away (soft hyphens, marks of direction), not joiners, which may tell two words apart."""
    return text if text.isascii() else nfc(text.translate(unseen()))


def spelling(text: str) -> str:
    """Give the form in which spellings of one word agree: composed, nothing unseen, one apostrophe, one gershayim.

    >>> spelling("for\\u00adest"), spelling("don’t"), spelling("cafe\\u0301")
    ('forest', "don't", 'café')
    """
    return text if text.isascii() else nfc(text.translate(respelt()))


@cache
def unseen() -> dict[int, str]:
    """Give nothing for each format character."""
    return dict.fromkeys(np.flatnonzero(character_classes() == IGNORED).tolist(), "")


@cache
def respelt() -> dict[int, str]:
    """Give what stands for each code point that is not spelt as it is."""
    table = unseen() | dict.fromkeys(map(ord, JOINERS + SELECTORS), "")
    table.update(dict.fromkeys(map(ord, APOSTROPHES + LETTER_APOSTROPHES), "'"))
    table.update(dict.fromkeys(map(ord, DOUBLE_QUOTES + GERSHAYIM), '"'))
    return table
