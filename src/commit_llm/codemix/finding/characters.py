"""Say of what kind each character is, for finding words, in one table that both engines use."""

import re
import sys
import unicodedata
from functools import cache

import numpy as np

OTHER, LETTER, MARK, DIGIT, UNDERSCORE, APOSTROPHE, DOT, SENTENCE_END, CLOSER, SPACE, LINE_BREAK = range(11)

EXPLICIT = {
    "_": UNDERSCORE,
    "'": APOSTROPHE,
    "’": APOSTROPHE,
    ".": DOT,
    "!": SENTENCE_END,
    "?": SENTENCE_END,
    '"': CLOSER,
    "\t": SPACE,
    "\u200c": MARK,  # the joiners of Persian and of Indian scripts stand within words
    "\u200d": MARK,
    **dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", LINE_BREAK),
}
OF_CATEGORY = {"L": LETTER, "M": MARK, "N": DIGIT}
QUOTES_AND_BRACKETS = ("Pe", "Pf", "Pi")  # a quote that opens in one language closes in another

# Scripts that are written without spaces between words (blocks of the Unicode standard).
UNSPACED = (
    "\u0e00-\u0e7f"  # Thai
    "\u0e80-\u0eff"  # Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)
UNSPACED_SCRIPTS = frozenset({"THAI", "LAO", "MYANMAR", "KHMER", "HIRAGANA", "KATAKANA", "CJK"})


@cache
def character_classes() -> np.ndarray:
    """Give the class of each code point, uint8 (0x110000,). Built on first use: all of Unicode takes about 0.1 s."""
    categories = list(map(unicodedata.category, map(chr, range(sys.maxunicode + 1))))
    kinds = {category: OF_CATEGORY.get(category[0], OTHER) for category in set(categories)}
    kinds.update({"Zs": SPACE, **dict.fromkeys(QUOTES_AND_BRACKETS, CLOSER)})
    classes = np.fromiter(map(kinds.__getitem__, categories), np.uint8, len(categories))
    for character, kind in EXPLICIT.items():
        classes[ord(character)] = kind
    return classes


@cache
def character_set(kind: int) -> str:
    """Give the characters of a class as the inside of a regular expression's brackets.

    >>> character_set(SENTENCE_END)
    '!\\\\?'
    """
    points = np.flatnonzero(character_classes() == kind)
    ends = np.flatnonzero(np.diff(points) > 1)
    runs = zip(points[np.r_[0, ends + 1]], points[np.r_[ends, len(points) - 1]], strict=True)
    bounds = ((re.escape(chr(first)), re.escape(chr(last))) for first, last in runs)
    return "".join(first if first == last else f"{first}-{last}" for first, last in bounds)
