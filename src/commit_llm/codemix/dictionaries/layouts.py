"""Read a line of each layout that a dictionary's file may have: MUSE's .txt, .tsv, .csv and .jsonl."""

import csv
import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

SHOWN = 60  # characters of a bad line

HALF = re.compile("[\ud800-\udfff]")

Pair = tuple[str, str]
# Makes a pair of the two values of a line, or raises BadLineError.
MakePair = Callable[[Any, Any], Pair]


class BadLineError(Exception):
    """Raise for a line of a dictionary that cannot be read; the message says what is wrong with it."""


class Layout(NamedTuple):
    """Describe how the lines of a file are read.

    parse: gives the pairs of a line, or raises BadLineError.
    shape: what a line looks like, for messages.
    header: a first line that names the columns.
    blank_lines: whether blank lines are passed over; otherwise they are bad lines.
    plain_words: whether a field is taken as it is; otherwise it may hold a list and notes (`fields`).
    """

    parse: Callable[[str], list[Pair]]
    shape: str
    header: tuple[str, str] | None = None
    blank_lines: bool = True
    plain_words: bool = False


def text_pair(source: Any, target: Any) -> Pair:
    """Give a pair as it stands. Raises BadLineError where either is not a text that a file can hold."""
    for text in (source, target):
        if not isinstance(text, str):
            raise BadLineError(f"{json.dumps(text)[:SHOWN]} is not a text")
        if not text.isprintable() and HALF.search(text):
            raise BadLineError("half of a character")
    return source, target


def bare_pair(source: Any, target: Any) -> Pair:
    """Give a pair without white space around it. Raises BadLineError unless each is a text that a line can hold."""
    source, target = (text.strip() for text in text_pair(source, target))
    for text in (source, target):
        if not text:
            raise BadLineError("an empty field")
        if any(character in text for character in "\t\n\r"):
            raise BadLineError("a tab or a line break within a text")
    return source, target


def _two(fields: list[str], separated: str, pair: MakePair) -> Pair:
    if len(fields) != 2:
        raise BadLineError(_fields_found(fields, separated))
    return pair(*fields)


def _fields_found(fields: list[str], separated: str) -> str:
    return f"{len(fields)} {separated} field(s)"


def muse_line(line: str) -> list[Pair]:
    """Read a line of MUSE's exactly as the original does: stripped, cut at tabs, or else at single spaces.

    One of the two must give two fields (docs/behaviour.md, "Code-mixing").

    >>> muse_line("dog\\tσκύλος μου"), muse_line("dog σκύλος")
    ([('dog', 'σκύλος μου')], [('dog', 'σκύλος')])
    """
    stripped = line.strip()
    for separator in ("\t", " "):
        fields = stripped.split(separator)
        if len(fields) == 2:
            return [(fields[0], fields[1])]
    raise BadLineError(_fields_found(stripped.split("\t"), "tab-separated") if stripped else "a blank line")


def tsv_line(line: str, pair: MakePair = bare_pair) -> list[Pair]:
    """Read a line of two columns, each of which may be a phrase.

    pair: makes a pair of the two.

    >>> tsv_line("polar bear\\tπολική αρκούδα")
    [('polar bear', 'πολική αρκούδα')]
    """
    return [_two(line.split("\t"), "tab-separated", pair)]


def csv_line(line: str, pair: MakePair = bare_pair) -> list[Pair]:
    """Read a line of two columns with a comma between them, quoted as spreadsheets do.

    >>> csv_line('"well, well",μπα')
    [('well, well', 'μπα')]
    """
    try:
        return [_two(next(csv.reader([line], strict=True, skipinitialspace=True)), "comma-separated", pair)]
    except csv.Error as error:
        raise BadLineError(f"malformed CSV ({error})") from None


def jsonl_line(line: str, pair: MakePair = bare_pair) -> list[Pair]:
    """Read an object with a source and one or several targets.

    >>> jsonl_line('{"source": "dog", "target": ["σκύλος", "σκυλί"]}')
    [('dog', 'σκύλος'), ('dog', 'σκυλί')]
    """
    try:
        entry: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadLineError(f"malformed JSON ({error.msg})") from None
    except (ValueError, RecursionError):
        raise BadLineError("malformed JSON") from None
    if not isinstance(entry, dict) or not {"source", "target"} <= entry.keys():
        raise BadLineError("no 'source' and 'target'")
    targets = entry["target"] if isinstance(entry["target"], list) else [entry["target"]]
    if not targets:
        raise BadLineError("no target")
    return [pair(entry["source"], target) for target in targets]


def quoted(line: str) -> str:
    """Give the beginning of a line as it can be shown; a control character takes four places."""
    quoted = repr(line[:SHOWN])
    return quoted if len(line) <= SHOWN and len(quoted) <= SHOWN + 2 else quoted[: SHOWN - 2] + "...'"


MUSE = Layout(muse_line, "'source<TAB>target'", blank_lines=False, plain_words=True)
LAYOUTS = {
    ".txt": MUSE,
    ".tsv": Layout(tsv_line, "'source<TAB>target'"),
    ".csv": Layout(csv_line, "'source,target'", header=("source", "target")),
    ".jsonl": Layout(jsonl_line, '\'{"source": TEXT, "target": TEXT or [TEXT, ...]}\''),
}
# A side of a pair of sentences may be empty, and is not taken apart.
SENTENCES = Layout(partial(tsv_line, pair=text_pair), LAYOUTS[".tsv"].shape)
LAYOUTS_OF_SENTENCES = {
    ".csv": LAYOUTS[".csv"]._replace(parse=partial(csv_line, pair=text_pair)),
    ".jsonl": LAYOUTS[".jsonl"]._replace(parse=partial(jsonl_line, pair=text_pair)),
}
