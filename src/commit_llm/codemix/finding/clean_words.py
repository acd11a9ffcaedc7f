"""Find words the clean way: runs of letters in any script, and whether each one opens a sentence.

A run of letters, marks, digits and underscores, with apostrophes and other signs between letters and dots between
letters or digits, is a word where it is letters alone (*don't*, *col·legi*, _emphasis_), and is protected where it is
not (*b2b*, *snake_case*, *example.com*, *e.g*). Format characters count as nothing. Hyphens, slashes, white space and
every other sign separate words. What is not a word stays as it is, so nothing is ever lost.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from commit_llm.codemix.finding.characters import (
    APOSTROPHE,
    CLOSER,
    DIGIT,
    DOT,
    DOUBLE_QUOTES,
    HEBREW,
    IGNORED,
    LETTER,
    LINE_BREAK,
    MARK,
    SENTENCE_END,
    SPACE,
    WITHIN_WORD,
    character_classes,
    character_set,
)
from commit_llm.codemix.finding.protection import protected_spans
from commit_llm.codemix.finding.segmentation import Cut, cut_stretch, unspaced_or_not

LONG_GAP = 64  # characters; a gap that long is not worth remembering


class FoundWord(NamedTuple):
    """Hold the place of a word.

    start, end: its characters, end excluded.
    opens: whether it is the first word of a sentence, a line or the text.
    protected: whether it must not be touched.
    """

    start: int
    end: int
    opens: bool
    protected: bool


@cache
def patterns(languages: frozenset[str] = frozenset()) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give patterns for a run, and for a run that is a word (group 1, without underscores around it).

    languages: codes of those in which the text is written, if they are known.
    """
    letter, mark, digit, ignored = (character_set(kind) for kind in (LETTER, MARK, DIGIT, IGNORED))
    signs = character_set(APOSTROPHE) + character_set(WITHIN_WORD, languages)
    rest = f"[{letter}{mark}{digit}_{ignored}]"
    more = f"[{ignored}]*"
    # "1.Eat" is a number and a word, so a number that ends in a dot before a letter is a run of its own.
    digits = f"[{digit}][{digit}{mark}{ignored}]*"
    number = f"(?P<number>{digits}(?:\\.{more}{digits})*(?=\\.{more}[{letter}]))"
    within = f"(?<=[{letter}{mark}{ignored}])[{signs}](?={more}[{letter}])"
    gershayim = f"(?<=[{HEBREW}{ignored}])[{DOUBLE_QUOTES}](?={more}(?![^{HEBREW}])[{letter}])"
    dot = f"(?<=[{letter}{mark}{digit}{ignored}])\\.(?={more}[{letter}{digit}])"
    run = f"{number}|[{letter}{digit}_]{rest}*(?:(?:{within}|{gershayim}|{dot}){rest}+)*"
    part = f"[{letter}](?:[{letter}{mark}{ignored}]*[{letter}{mark}])?"
    word = f"{part}(?:{more}[{signs}{DOUBLE_QUOTES}]{more}{part})*"
    return re.compile(run), re.compile(f"[_{ignored}]*({word})[_{ignored}]*")


def is_word(text: str, languages: frozenset[str] = frozenset()) -> bool:
    """Say whether a text is one word, such as `find_words` finds."""
    if text.isascii() and text.isalpha():
        return True
    run, word = patterns(languages)
    match = word.fullmatch(text) if run.fullmatch(text) else None
    return match is not None and match.group(1) == text


def find_words(text: str, cut: Cut | None = None, languages: frozenset[str] = frozenset()) -> list[FoundWord]:
    """Find the words of a text, and the protected runs that have letters, in order.

    cut: cuts stretches of scripts without spaces into words; without it a stretch is one word.
    languages: codes of those in which the text is written, if they are known.

    >>> text = "Well-known dogs\\nlive. Cats/dogs (b2b)"
    >>> [(text[word.start : word.end], word.opens) for word in find_words(text) if not word.protected]
    [('Well', True), ('known', False), ('dogs', False), ('live', True), ('Cats', True), ('dogs', False)]
    """
    _, word_pattern = patterns(languages)
    nowhere = len(text) + 1, len(text) + 1
    untouched = iter(protected_spans(text))
    span_start, span_end = next(untouched, nowhere)
    words = []
    for run, opening in runs(text, languages):
        start, end = run.span()
        while span_end <= start:
            span_start, span_end = next(untouched, nowhere)
        whole = run.group()
        for stretch, pieces in ((whole, None),) if cut is None or whole.isascii() else _stretches(whole, cut):
            word = word_pattern.fullmatch(stretch)
            protected = word is None or span_start < end
            if protected or pieces is None:
                if has_letter(stretch):
                    bounds = (0, len(stretch)) if word is None else word.span(1)
                    words.append(FoundWord(start + bounds[0], start + bounds[1], opening == OPEN, protected))
            else:
                place = start
                for length in pieces:
                    if has_letter(text[place : place + length]):
                        words.append(FoundWord(place, place + length, opening == OPEN, False))
                    place += length
            start += len(stretch)
            opening = WITHIN
    return words


def runs(text: str, languages: frozenset[str] = frozenset()) -> Iterator[tuple[re.Match[str], int]]:
    """Find the runs of a text, in order, and say of each where in a sentence it begins: WITHIN, STOPPED or OPEN."""
    end, opening, behind_number = 0, OPEN, False
    for run in patterns(languages)[0].finditer(text):
        start = run.start()
        opening = (after_gap if start - end < LONG_GAP else after_gap.__wrapped__)(text[end:start], opening, languages)
        yield run, OPEN if behind_number else opening
        end, opening, behind_number = run.end(), WITHIN, run.lastgroup is not None


def _stretches(run: str, cut: Cut) -> Iterator[tuple[str, Iterator[int] | None]]:
    """Take a run apart at the borders of unspaced scripts: each stretch, and the lengths of its pieces, if any."""
    for stretch in unspaced_or_not().finditer(run):
        yield stretch.group(), cut_stretch(stretch.group(), cut) if stretch["unspaced"] else None


# Where in a sentence a place is: within it, behind its last stop (white space must follow), or before its first word.
WITHIN, STOPPED, OPEN = range(3)


def _behind(kind: int, opening: int) -> int:
    """Say where in a sentence the place behind a character between runs is, from where the place before it is."""
    if kind == IGNORED:
        return opening
    if kind == LINE_BREAK or (kind == SPACE and opening == STOPPED):
        return OPEN
    if kind in (DOT, SENTENCE_END):
        return STOPPED
    return WITHIN if opening == STOPPED and kind not in (CLOSER, APOSTROPHE) else opening


# [opening before][kind of the character] gives the opening behind it.
OPENING_BEHIND = [[_behind(kind, opening) for kind in range(IGNORED + 1)] for opening in (WITHIN, STOPPED, OPEN)]


@lru_cache(65536)
def after_gap(gap: str, opening: int, languages: frozenset[str] = frozenset()) -> int:
    """Say where in a sentence the place behind a gap is, from where the place before the gap is."""
    classes = character_classes(languages)
    for character in gap:
        opening = OPENING_BEHIND[opening][classes[ord(character)]]
    return opening


@lru_cache(65536)
def has_letter(run: str) -> bool:
    """Say whether a run is more than a number."""
    return bool((character_classes()[[ord(character) for character in run]] == LETTER).any())
