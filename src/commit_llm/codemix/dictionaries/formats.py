"""Read the files that dictionaries come in: MUSE's .txt, .tsv, .csv and .jsonl."""

import codecs
import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import SettingError, SettingName, UserError

LONGEST_LINE = 65_536  # characters; no dictionary's line is longer, and a file that is one line is no dictionary
CHUNK = 1 << 20  # bytes
SHOWN = 60  # characters of a bad line

Pair = tuple[str, str]


class Skipped(NamedTuple):
    """Count the lines of a file that were left out, and say where the first one stood and why it was."""

    lines: int = 0
    first: str = ""


NONE_SKIPPED = Skipped()


class BadLineError(Exception):
    """Raise for a line of a dictionary that cannot be read; the message says what is wrong with it."""


class Layout(NamedTuple):
    """Describe how the lines of a file are read.

    parse: gives the pairs of a line, or raises BadLineError.
    shape: what a line looks like, for messages.
    header: a first line that names the columns.
    blank_lines: whether blank lines are passed over; otherwise they are bad lines.
    """

    parse: Callable[[str], list[Pair]]
    shape: str
    header: tuple[str, str] | None = None
    blank_lines: bool = True


def read_pairs(path: Path, *, original: bool = False, skip_bad_lines: bool = False) -> tuple[list[Pair], Skipped]:
    """Read all (source, target) pairs of a dictionary file, in order, and count the lines that were left out.

    The suffix tells the layout: `.tsv` has two columns with a tab between them, `.csv` two with a comma (a first
    line `source,target` is a header), `.jsonl` an object a line with `source`, a text, and `target`, a text or a
    list of texts; `.txt` and all else are MUSE's (`muse_line`). UTF-8; `\\n`, `\\r\\n` or `\\r` end a line. The file
    is read once, as a stream.

    original: read as the original does: a byte-order mark stays in the first key, and `.tsv` is MUSE's layout too.
    skip_bad_lines: leave out lines of another shape.

    Raises UserError, with file, line and content, where a line has another shape; also where the file is missing or
    not UTF-8, and where it has no pair.
    """
    layout = MUSE if original and path.suffix == ".tsv" else LAYOUTS.get(path.suffix.lower(), MUSE)
    pairs: list[Pair] = []
    skipped = NONE_SKIPPED
    for number, line in enumerate(_lines(path), 1):
        if number == 1 and not original:
            line = line.removeprefix("\ufeff")
        try:
            if len(line) > LONGEST_LINE:
                raise BadLineError(f"a line of over {LONGEST_LINE:,} characters")
            if layout.blank_lines and not line.strip():
                continue
            parsed = layout.parse(line)
        except BadLineError as error:
            reason = f"{error} in {_quoted(line)}" if line.strip() else f"{error}"
            if not skip_bad_lines:
                where = f"{path}:{number}: {reason}; a dictionary line is {layout.shape}; "
                raise SettingError(where, SettingName("skip_bad_lines"), " skips others") from None
            skipped = Skipped(skipped.lines + 1, skipped.first or f"line {number}: {reason}")
            continue
        if number == 1 and layout.header and [word.casefold() for word in parsed[0]] == [*layout.header]:
            continue
        pairs += parsed
    if not pairs:
        left_out = f" without the {skipped.lines:,} bad lines ({skipped.first})" if skipped.lines else ""
        raise UserError(f"{path}: the dictionary is empty{left_out}; it needs lines of {layout.shape}")
    return pairs, skipped


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


def tsv_line(line: str) -> list[Pair]:
    """Read a line of two columns, each of which may be a phrase.

    >>> tsv_line("polar bear\\tπολική αρκούδα")
    [('polar bear', 'πολική αρκούδα')]
    """
    return [_two(line.split("\t"), "tab-separated")]


def csv_line(line: str) -> list[Pair]:
    """Read a line of two columns with a comma between them, quoted as spreadsheets do.

    >>> csv_line('"well, well",μπα')
    [('well, well', 'μπα')]
    """
    try:
        return [_two(next(csv.reader([line], strict=True, skipinitialspace=True)), "comma-separated")]
    except csv.Error as error:
        raise BadLineError(f"malformed CSV ({error})") from None


def jsonl_line(line: str) -> list[Pair]:
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
    return [_checked(entry["source"], target) for target in targets]


def _two(fields: list[str], separated: str) -> Pair:
    if len(fields) != 2:
        raise BadLineError(_fields_found(fields, separated))
    return _checked(*fields)


def _fields_found(fields: list[str], separated: str) -> str:
    return f"{len(fields)} {separated} field(s)"


def _checked(source: Any, target: Any) -> Pair:
    """Give a pair without white space around it. Raises BadLineError where either is no text that a line can hold."""
    for text in (source, target):
        if not isinstance(text, str):
            raise BadLineError(f"{json.dumps(text)[:SHOWN]} is no text")
        if not text.strip():
            raise BadLineError("an empty field")
        if any(character in text.strip() for character in "\t\n\r"):
            raise BadLineError("a tab or a line break within a text")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadLineError("half of a character")
    return source.strip(), target.strip()


def _quoted(line: str) -> str:
    """Give the beginning of a line as it can be shown; a control character takes four places."""
    quoted = repr(line[:SHOWN])
    return quoted if len(line) <= SHOWN and len(quoted) <= SHOWN + 2 else quoted[: SHOWN - 2] + "...'"


def _lines(path: Path) -> Iterator[str]:
    """Give the lines of a text file; of a line that is too long only the beginning, as soon as that much is read."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8")(), translate=True)
    tail, before, too_long = "", 0, False
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UserError(f"{path}: no such dictionary file; give a MUSE file of 'source<TAB>target' lines") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a directory; give a MUSE dictionary file") from None
    with file:
        while True:
            chunk = file.read(CHUNK)
            begun = len(decoder.getstate()[0])  # bytes of a character that the last chunk ended in
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                place = before - begun + error.start
                raise UserError(f"{path}: not UTF-8 at byte {place}; convert the file to UTF-8") from None
            before += len(chunk)
            if too_long:
                _, ended, text = text.partition("\n")
                too_long = not ended
            # Cut at these only: splitlines() would also cut at U+2028, which the original does not.
            *whole, tail = (tail + text).split("\n")
            yield from whole
            if len(tail) > LONGEST_LINE:
                yield tail[: LONGEST_LINE + 1]
                tail, too_long = "", True
            if not chunk:
                break
    if tail:
        yield tail


MUSE = Layout(muse_line, "'source<TAB>target'", blank_lines=False)
LAYOUTS = {
    ".txt": MUSE,
    ".tsv": Layout(tsv_line, "'source<TAB>target'"),
    ".csv": Layout(csv_line, "'source,target'", header=("source", "target")),
    ".jsonl": Layout(jsonl_line, '\'{"source": TEXT, "target": TEXT or [TEXT, ...]}\''),
}
