"""Write words in lower case, capitalised and in capitals, as their language does (SpecialCasing of Unicode, and CLDR).

ilk -> İlk          Turkish and its relatives have two letters, i İ and ı I
ijs -> IJs          a Dutch digraph counts as one letter
σκύλος -> ΣΚΥΛΟΣ    Greek capitals have no tonos
straße -> STRASSE   all letters have what Unicode gives them
"""

import re
import unicodedata
from enum import IntEnum

from commit_llm.codemix.finding.spelling import LETTER_APOSTROPHES, nfc

TURKIC = frozenset({"az", "crh", "gag", "tr", "tt"})
POLYTONIC = frozenset({"grc"})  # Greek whose capitals keep their accents
GREEK_LETTER = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
GREEK_ACCENTS = "\u0300\u0301\u0342\u0313\u0314"
# Without its tonos, a vowel would read as one sound with the ι or υ behind it: two dots tell them apart (ΜΑΪΟΣ).
HIATUS = re.compile(f"([αεου][{GREEK_ACCENTS}]+)([ιυ])(?![\u0308{GREEK_ACCENTS}])")
DOT_ABOVE = "\u0307"  # Lithuanian i keeps its dot below an accent, I has none
WITH_DOT = re.compile(f"([ij]\u0328?){DOT_ABOVE}")
WITHOUT_DOT = re.compile("([IJ]\u0328?)(?=[\u0300\u0301\u0303])")
# What is capitalised together, where that is more than one character.
YEV = "և"  # one character for two letters, of which Armenian and Western Armenian have other second ones
HEADS = {"nl": re.compile("[ií]j\u0301?"), "lt": re.compile(f"[ij]\u0328?{DOT_ABOVE}[\u0300\u0301\u0303]?")}


class Case(IntEnum):
    """Say how a surface form is written, beside the dictionary's word."""

    EXACT = 0
    CAPITALISED = 1  # a fallback: allowed where every occurrence in the example opens a sentence, a line or a field
    CAPITALS = 2  # an acronym: no fallback, unless it is asked for


def written(text: str, case: Case, language: str | None = None) -> str:
    """Write a dictionary's word, or its translation, in the case of a surface form.

    text: composed (NFC), as the result is.
    language: its code, if it is known.

    >>> [written("ο σκύλος", case) for case in Case]
    ['ο σκύλος', 'Ο σκύλος', 'Ο ΣΚΥΛΟΣ']
    >>> [written("ilk ışık", case, "tr") for case in Case]
    ['ilk ışık', 'İlk ışık', 'İLK IŞIK']
    """
    if case is Case.EXACT:
        return text
    return _capitals(text, language) if case is Case.CAPITALS else _capitalised(text, language)


def all_written(text: str, case: Case, language: str | None = None) -> list[str]:
    """Give every way in which a word may stand in a text, the one of `written` first.

    >>> all_written("straße", Case.CAPITALS, "de"), all_written("σκύλος", Case.CAPITALS, "el")
    (['STRASSE', 'STRAẞE'], ['ΣΚΥΛΟΣ', 'ΣΚΎΛΟΣ'])
    """
    ways = [written(text, case, language)]
    if case is Case.CAPITALISED and language in (*HEADS, "hy"):
        ways.append(nfc(text[:1].title() + text[1:]))
    elif case is Case.CAPITALS and not text.isascii() and language not in TURKIC:
        ways += [nfc(text.upper()), nfc(text.replace("ß", "ẞ").upper())]
    return list(dict.fromkeys(ways))


def lower_case(text: str, language: str | None = None) -> str:
    """Write a text in lower case, composed.

    >>> lower_case("IŞIK İlk", "tr"), lower_case("ΣΚΎΛΟΣ"), lower_case("Ì", "lt") == "i\\u0307\\u0300"
    ('ışık ilk', 'σκύλος', True)
    """
    if text.isascii() and language not in TURKIC:
        return text.lower()
    text = nfc(text)
    if language in TURKIC:
        text = text.replace("İ", "i").replace("I", "ı")
    elif language == "lt":
        text = WITHOUT_DOT.sub(rf"\1{DOT_ABOVE}", unicodedata.normalize("NFD", text))
    return nfc(text.lower())


def _capitalised(text: str, language: str | None) -> str:
    if language in TURKIC and text.startswith("i"):
        return "İ" + text[1:]
    if language == "hy" and text.startswith(YEV):
        return "Եվ" + text[1:]
    if language in HEADS and (head := HEADS[language].match(text)):
        return _capitals(head.group(), language) + text[head.end() :]
    start = int(text[:1] in LETTER_APOSTROPHES)  # ʻĀina
    return nfc(text[:start] + text[start : start + 1].title() + text[start + 1 :])


def _capitals(text: str, language: str | None) -> str:
    if text.isascii() and language not in TURKIC:
        return text.upper()
    if language in TURKIC:
        text = text.replace("i", "İ")
    elif language == "hy":
        text = text.replace(YEV, "ԵՎ")
    elif language == "lt":
        text = WITH_DOT.sub(r"\1", unicodedata.normalize("NFD", text))
    elif language not in POLYTONIC and GREEK_LETTER.search(text):
        text = " ".join(map(_without_tonos, text.split(" ")))
    return nfc(text.upper())


def _without_tonos(word: str) -> str:
    """Take the accents from a Greek word, but from *ή* (or), which is another word without."""
    if word in ("ή", "Ή"):
        return word
    dotted = HIATUS.sub("\\1\\2\u0308", unicodedata.normalize("NFD", word))
    return "".join(character for character in dotted if character not in GREEK_ACCENTS)
