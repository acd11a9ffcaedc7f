"""Take a dictionary's fields apart: a list of translations, notes in brackets, signs that stand for others.

make   φτιάχνω, κατασκευάζω; κάνω   ->  make   φτιάχνω | κατασκευάζω | κάνω
red    κόκκινος (μαλλιά), άλικος    ->  red    κόκκινος | άλικος
polar~bear   πολική~αρκούδα         ->  polar bear   πολική αρκούδα

A source is never a list: in `abandon, to` the comma turns a phrase round, and *to* would get a wrong translation.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from commit_llm.codemix.dictionaries.layouts import Pair

EXAMPLES = 5  # pairs kept of each kind

# What is found in fields.
LIST, NOTE, ONLY_NOTE, TILDE, REFERENCE = "list", "note", "nothing but a note", "tilde", "character reference"

OPENING, CLOSING = "([{（［｛【〔", ")]}）］｝】〕"
COMMAS, OTHERS = ",،፣၊、，､߸᠂՝", ";؛፤；\u037e"  # the commas and semicolons of all scripts
SIGN = re.compile(rf"[{COMMAS}{OTHERS}~&\u0387·/／{re.escape(OPENING)}]")
# No comma between digits, which is part of a number. The raised dot of Greek only before a space: Catalan has another.
SEPARATOR = re.compile(rf"(?<!\d)[{COMMAS}]|[{COMMAS}](?!\d)|[{OTHERS}]|[·\u0387](?=\s)|(?<=\s)[/／](?=\s)")
CHARACTER_REFERENCE = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,31});")


@dataclass
class Tally:
    """Count the pairs of a file by what is in their fields.

    pairs: how many there are of a kind.
    examples: the first few of it, as the file has them.
    """

    pairs: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[Pair]] = field(default_factory=dict)

    def note(self, kind: str, pair: Pair) -> None:
        """Count a pair."""
        self.pairs[kind] = self.pairs.get(kind, 0) + 1
        if self.pairs[kind] <= EXAMPLES:
            self.examples.setdefault(kind, []).append(pair)


def taken_apart(pairs: Iterable[Pair], tally: Tally) -> list[Pair]:
    """Give the pairs of one source and one translation that pairs of a file come to, in order, and count what was done.

    >>> taken_apart([("make", "φτιάχνω, κάνω (κάτι)"), ("polar~bear", "[zoo]")], tally := Tally())
    [('make', 'φτιάχνω'), ('make', 'κάνω')]
    >>> tally.pairs
    {'list': 1, 'note': 1, 'nothing but a note': 1}
    """
    result = []
    for pair in pairs:
        source, target = pair
        if not (SIGN.search(source) or SIGN.search(target)):
            result.append(pair)
            continue
        kinds: set[str] = set()
        source, target = _mended(source, kinds), _mended(target, kinds)
        targets = [part for part in map(str.strip, SEPARATOR.split(target)) if part] or [target]
        if not source or not target:
            kinds = {ONLY_NOTE}
        else:
            result += [(source, part) for part in targets]
            kinds |= {LIST} if len(targets) > 1 else set()
        for kind in sorted(kinds):
            tally.note(kind, pair)
    return result


def _mended(text: str, kinds: set[str]) -> str:
    """Give a field without notes, and with the characters that its signs stand for; add what was done to `kinds`."""
    mended = text
    if CHARACTER_REFERENCE.search(mended):
        kinds.add(REFERENCE)
        mended = CHARACTER_REFERENCE.sub(lambda reference: html.unescape(reference.group()), mended)
    without = without_notes(mended)
    if without != mended:
        kinds.add(NOTE)
    if "~" in without:
        kinds.add(TILDE)
        without = without.replace("~", " ")
    return text if without == text else " ".join(without.split())


def without_notes(text: str) -> str:
    """Leave out what stands in brackets, of any kind and within others; an open one reaches to the end.

    >>> without_notes("(ε)αυτός [μόνο (εκεί)] και a) πρώτα (μισό")
    'αυτός  και a) πρώτα '
    """
    depth, kept = 0, []
    for character in text:
        if character in OPENING:
            depth += 1
        elif depth and character in CLOSING:
            depth -= 1
        elif not depth:
            kept.append(character)
    return "".join(kept)
