"""Say of what kind each character is, for finding words, in one table that both engines use."""

import re
import sys
import unicodedata
from functools import cache

import numpy as np

(
    OTHER, LETTER, MARK, DIGIT, UNDERSCORE, APOSTROPHE, DOT, SENTENCE_END, CLOSER, SPACE, LINE_BREAK, WITHIN_WORD,
    IGNORED,
) = range(13)  # fmt: skip

# Letters on both sides of one of these are one word: what Unicode's annex 29 calls MidLetter, MidNumLet and
# Single_Quote, without the presentation forms of colon and full stop, which no language writes within words.
APOSTROPHES = "'\u2019\u2018\uff07\u055a\u05f3"  # don't, Uzbek o‘zbek, full width, Armenian, the Hebrew geresh
MIDDLE_DOTS = "\u00b7\u0387"  # Catalan col·legi; canonically equivalent
USUAL_SIGNS = MIDDLE_DOTS + "\u2027\u055f\u05f4"  # ... between syllables, Armenian abbreviations, Hebrew gershayim
# A colon does in these languages only (EU:n); elsewhere it stands between words. The middle dot does not in these: it
# is a semicolon in Greek, and stands between names in Chinese and Japanese.
WITH_COLON = frozenset({"fi", "fit", "fkv", "krl", "olo", "se", "sma", "smj", "smn", "sms", "sv"})
GREEK = frozenset({"el", "grc", "pnt"})
WITHOUT_DOT = GREEK | frozenset({"zh", "yue", "wuu", "gan", "hak", "lzh", "ja"})
# Between two Hebrew letters (which may have points) a double quote is a gershayim.
DOUBLE_QUOTES = '"\u201d'
HEBREW = "\u0591-\u05bd\u05bf-\u05c7\u05d0-\u05ea\u05ef-\u05f2\ufb1d-\ufb4f"
JOINERS = "\u200c\u200d"  # part of the letter before them, as marks are
ARMENIAN_SIGNS = "\u055b\u055c\u055e"  # of stress, exclamation and question, above a vowel within the word
GREEK_QUESTION_MARKS = ";\u037e"  # canonically equivalent
NUMBER_SIGNS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u0890\u0891\u08e2\U000110bd\U000110cd"  # span digits

EXPLICIT = {
    "_": UNDERSCORE,
    ".": DOT,
    "!": SENTENCE_END,
    "?": SENTENCE_END,
    "\u0589": SENTENCE_END,  # Armenian, the one script with capitals that has a full stop of its own
    '"': CLOSER,
    "\t": SPACE,
    **dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", LINE_BREAK),
    **dict.fromkeys(APOSTROPHES, APOSTROPHE),
    **dict.fromkeys(USUAL_SIGNS, WITHIN_WORD),
    **dict.fromkeys(ARMENIAN_SIGNS, IGNORED),
    "\u200b": OTHER,  # the space of width zero, which separates words
    **dict.fromkeys(NUMBER_SIGNS, DIGIT),
    "\u070f": LETTER,  # Syriac
    **dict.fromkeys(JOINERS, MARK),
    # What else is of one piece with the letter before it: Thai and Lao am, marks of narrow kana, skin colours, tags.
    **dict.fromkeys("\u0e33\u0eb3\uff9e\uff9f🏻🏼🏽🏾🏿", MARK),
    **dict.fromkeys(map(chr, range(0xE0020, 0xE0080)), MARK),
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


def without_spaces(scripts: frozenset[str]) -> bool:
    """Say whether a language of these scripts, as `scripts` names them, is written without spaces between words.

    >>> without_spaces(frozenset({"THAI"})), without_spaces(frozenset({"CJK", "HANGUL"}))
    (True, False)
    """
    return bool(UNSPACED_SCRIPTS & scripts) and "HANGUL" not in scripts  # Korean has Chinese characters too, and spaces


def character_classes(languages: frozenset[str] = frozenset()) -> np.ndarray:
    """Give the class of each code point, uint8 (0x110000,). Built on first use: all of Unicode takes about 0.1 s.

    languages: codes of those in which the text is written, if they are known; they decide on signs within words and
        on the question mark.
    """
    return _classes_of_all() if not languages else _classes_of(languages)


@cache
def _classes_of_all() -> np.ndarray:
    categories = list(map(unicodedata.category, map(chr, range(sys.maxunicode + 1))))
    kinds = {category: OF_CATEGORY.get(category[0], OTHER) for category in set(categories)}
    kinds.update({"Zs": SPACE, "Cf": IGNORED, **dict.fromkeys(QUOTES_AND_BRACKETS, CLOSER)})
    classes = np.fromiter(map(kinds.__getitem__, categories), np.uint8, len(categories))
    for character, kind in EXPLICIT.items():
        classes[ord(character)] = kind
    return classes


@cache
def _classes_of(languages: frozenset[str]) -> np.ndarray:
    classes = _classes_of_all().copy()
    classes[ord(":")] = WITHIN_WORD if languages & WITH_COLON else OTHER
    classes[[*map(ord, MIDDLE_DOTS)]] = OTHER if languages & WITHOUT_DOT else WITHIN_WORD
    classes[[*map(ord, GREEK_QUESTION_MARKS)]] = SENTENCE_END if languages & GREEK else OTHER
    return classes


@cache
def character_set(kind: int, languages: frozenset[str] = frozenset()) -> str:
    """Give the characters of a class as the inside of a regular expression's brackets.

    >>> character_set(UNDERSCORE), character_set(DOT)
    ('_', '\\\\.')
    """
    points = np.flatnonzero(character_classes(languages) == kind)
    ends = np.flatnonzero(np.diff(points) > 1)
    runs = zip(points[np.r_[0, ends + 1]], points[np.r_[ends, len(points) - 1]], strict=True)
    bounds = ((re.escape(chr(first)), re.escape(chr(last))) for first, last in runs)
    return "".join(first if first == last else f"{first}-{last}" for first, last in bounds)
