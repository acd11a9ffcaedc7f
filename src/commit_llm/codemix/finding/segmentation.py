"""Cut words out of scripts that are written without spaces: Thai, Lao, Khmer, Burmese, Chinese, Japanese.

ICU cuts a run into pieces, and adjacent pieces are merged where the dictionary has the longer word. Without ICU
(extra `seg`) the longest word of the dictionary is taken at each place. Either way the pieces joined are the run, and
none ends within a letter and its marks.
"""

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import accumulate

from commit_llm.codemix.finding.characters import DIGIT, IGNORED, MARK, UNSPACED, character_set
from commit_llm.codemix.finding.spelling import spelling
from commit_llm.errors import SettingError, SettingName

MOST_PIECES = 8  # of ICU that are tried as one word of the dictionary
STACKERS = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2"  # signs that join the next letter to this one
SHORT = 64  # characters; few words of any language are longer

# cut(run) gives the lengths of its pieces, in characters.
Cut = Callable[[str], Iterator[int]]


@cache
def rest_of_cluster() -> str:
    """Give a pattern for what belongs to a letter: marks, and letters that are stacked, as in Burmese and Khmer."""
    attached = f"[{character_set(MARK)}{character_set(IGNORED)}]*"
    return f"(?:{attached}[{STACKERS}]{attached}(?s:.))*{attached}"


@cache
def clusters() -> re.Pattern[str]:
    """Match a letter with all that belongs to it."""
    return re.compile(f"(?s:.){rest_of_cluster()}")


@cache
def unspaced_or_not() -> re.Pattern[str]:
    """Match a stretch of characters that are written without spaces, of digits of their scripts, or of others."""
    digits, rest = character_set(DIGIT), rest_of_cluster()
    unspaced = f"(?P<unspaced>(?:(?![{digits}])[{UNSPACED}]{rest})+)"
    return re.compile(f"{unspaced}|(?:(?=[{digits}])[{UNSPACED}]{rest})+|(?:[^{UNSPACED}]{rest})+")


def is_unspaced(character: str) -> bool:
    """Say whether a character belongs to a script without spaces between words.

    >>> is_unspaced("ก"), is_unspaced("漢"), is_unspaced("a")
    (True, True, False)
    """
    stretch = unspaced_or_not().match(character)
    return stretch is not None and stretch["unspaced"] is not None


def make_cut(words: Collection[str], method: str = "auto") -> Cut:
    """Give what cuts runs.

    words: those of the dictionary.
    method: `icu`, `longest` (match), or `auto`, which is ICU where it is installed.

    Raises SettingError where ICU is asked for and not installed.
    """
    if resolve_method(method) == "longest":
        return LongestMatch(words)
    return lambda run: merged(whole_clusters(icu_pieces(run)), words)


def cut_stretch(stretch: str, cut: Cut) -> Iterator[int]:
    """Give the lengths of the pieces of a stretch, which is cut as it is spelt.

    >>> list(cut_stretch("แม\u2060วดำ", LongestMatch(["แมว"])))
    [4, 2]
    """
    spelt = spelling(stretch)
    if spelt == stretch:
        yield from cut(stretch)
        return
    ends = iter(list(accumulate(cut(spelt))))
    length = place = 0
    end = next(ends)
    for cluster in clusters().findall(stretch):
        length += len(cluster)
        place += len(spelling(cluster))
        if place >= end:
            yield length
            length, end = 0, next((later for later in ends if later > place), place)


def resolve_method(method: str) -> str:
    """Give the method that `auto` stands for: `icu` or `longest`. Raises SettingError where ICU is not installed."""
    installed = find_spec("icu4py") is not None
    if method == "icu" and not installed:
        raise SettingError(
            SettingName("segmentation"), " icu: ICU is not installed; `pip install 'commit-llm[seg]'`, or take longest"
        )
    return ("icu" if installed else "longest") if method == "auto" else method


def method_and_version(method: str) -> str:
    """Say what decides on the words: `longest`, or ICU with its version, as `icu 76.1`."""
    if resolve_method(method) == "longest":
        return "longest"
    from icu4py import icu_version

    return f"icu {icu_version}"


class LongestMatch:
    """Cut a run into pieces: at each place the longest word that the dictionary has, else one character.

    A text of any length is cut in a time that grows as it does, also by a dictionary with words of 60,000 letters.

    >>> list(LongestMatch(["แมว", "แม", "ดำ"])("แมวดำ"))
    [3, 2]
    """

    def __init__(self, words: Iterable[str]) -> None:
        self.short: set[str] = set()
        self.long: dict[str, list[str]] = {}  # by their first characters, the longest word first
        lengths: dict[str, set[int]] = {}
        for word in words:
            if len(word) <= SHORT:
                self.short.add(word)
                lengths.setdefault(word[:1], set()).add(len(word))
            else:
                self.long.setdefault(word[:SHORT], []).append(word)
        self.lengths = {first: sorted(of_first, reverse=True) for first, of_first in lengths.items()}
        for of_start in self.long.values():
            of_start.sort(key=len, reverse=True)

    def __call__(self, run: str) -> Iterator[int]:
        """Give the lengths of the pieces of a run."""
        borders = [*accumulate(map(len, clusters().findall(run)))]
        possible = frozenset(borders)
        start = 0
        for border in borders:
            if border > start:
                end = next((end for end in self._ends(run, start) if end in possible), border)
                yield end - start
                start = end

    def _ends(self, run: str, start: int) -> Iterator[int]:
        """Give the ends of the words that stand at a place, the longest first."""
        for word in self.long.get(run[start : start + SHORT], ()):
            if run.startswith(word, start):
                yield start + len(word)
        for length in self.lengths.get(run[start], ()):
            if run[start : start + length] in self.short and start + length <= len(run):
                yield start + length


def merged(pieces: list[str], words: Container[str]) -> Iterator[int]:
    """Give the lengths of pieces, adjacent ones merged into the longest word that the dictionary has.

    >>> list(merged(["ประ", "เทศ", "ไทย"], {"ประเทศ"}))
    [6, 3]
    """
    first = 0
    while first < len(pieces):
        for last in range(min(len(pieces), first + MOST_PIECES), first, -1):
            word = "".join(pieces[first:last])
            if last == first + 1 or word in words:
                yield len(word)
                first = last
                break


def whole_clusters(pieces: Iterable[str]) -> list[str]:
    """Join pieces where a border is within a letter and its marks: ICU cuts before ำ at times.

    >>> whole_clusters(["น้", "ำ", "ดำ"])
    ['น้ำ', 'ดำ']
    """
    pieces = list(pieces)
    borders = frozenset(accumulate(map(len, clusters().findall("".join(pieces)))))
    whole, place, begun = [], 0, ""
    for piece in pieces:
        place, begun = place + len(piece), begun + piece
        if place in borders:
            whole.append(begun)
            begun = ""
    return whole


def icu_pieces(run: str) -> list[str]:
    """Cut a run at ICU's word boundaries."""
    from icu4py.breakers import WordBreaker

    return list(WordBreaker(run, "th"))  # ICU has one set of boundaries for all these scripts
