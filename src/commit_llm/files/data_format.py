"""Tell the format of a data file: how records stand in it by its name, and by its first bytes how it is read."""

import json
from pathlib import Path
from typing import Literal

from commit_llm.errors import UserError
from commit_llm.files.encoding_advice import iconv_line
from commit_llm.files.text_stream import UTF_8, encoding_of, opened_as_utf_8, unmarked_utf_16
from commit_llm.files.unpacking import PACKED, head_of, is_packed, opened

TEXTS = (".json", ".jsonl", ".csv", ".tsv", ".txt")
SUFFIXES = (".json", ".jsonl", ".parquet", ".csv", ".tsv", ".txt")
WRITTEN = (".json", ".jsonl", ".parquet", ".txt")
LONGEST = 64 << 20  # bytes of a record that is read from a stream

# table: of Parquet. lines: records are lines of UTF-8, which can be read by their place. list: a JSON list in UTF-8.
# stream: packed, of another encoding, or with values that may hold line ends: read from its first byte to its last.
Access = Literal["table", "lines", "list", "stream"]


def layout_of(path: Path) -> str:
    """Give the suffix that says how records stand in a file: in small letters, and without that of a packed file.

    >>> layout_of(Path("a.JSONL")), layout_of(Path("a.csv.gz")), layout_of(Path("a.gz"))
    ('.jsonl', '.csv', '')
    """
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in PACKED else suffix


def has_data_suffix(path: Path) -> bool:
    """Say whether a name is one of a data file."""
    return layout_of(path) in (TEXTS if path.suffix.lower() in PACKED else SUFFIXES)


def require_suffix(path: Path) -> None:
    """Raise UserError where a file's suffix names none of the formats."""
    if not has_data_suffix(path):
        packed = "" if layout_of(path) == ".parquet" else f" (or {' or '.join(PACKED)} after it, except for .parquet)"
        raise UserError(f"{path}: unknown suffix {_suffix(path)!r}; data is a {', '.join(SUFFIXES)} file{packed}")


def require_written_suffix(path: Path) -> None:
    """Raise UserError where an output's suffix names none of the formats that are written."""
    if path.suffix.lower() not in WRITTEN:
        raise UserError(f"{path}: unknown suffix {_suffix(path)!r}; the output is a {', '.join(WRITTEN)} file")


def require_data_file(path: Path) -> None:
    """Raise UserError where there is no file of that name, or none of a known format."""
    require_suffix(path)
    if not path.is_file():
        raise UserError(f"{path}: no such data file")


def access_of(path: Path) -> Access:
    """Say how the records of a file are read. Raises UserError where it is UTF-16 without a mark that says so."""
    layout = layout_of(path)
    if layout == ".parquet":
        return "table"
    with opened(path) as file:
        head = head_of(file)
    encoding = encoding_of(head)
    if not encoding.mark and (name := unmarked_utf_16(head)):
        raise UserError(f"{path}: {name} without a byte-order mark; convert it: {iconv_line(path, name)}")
    if layout in (".csv", ".tsv") or encoding.name != UTF_8 or is_packed(path):
        return "stream"
    if layout == ".json" and not has_json_lines(path):
        return "list"
    return "lines"


def has_json_lines(path: Path) -> bool:
    """Say whether a .json file has an object a line: its first line is one, and another begins behind it."""
    with opened_as_utf_8(path) as file:
        if not head_of(file).lstrip().startswith(b"{"):
            return False
        lines = (line for line in iter(lambda: file.readline(LONGEST), b"") if not line.isspace())
        try:
            json.loads(next(lines))
        except (ValueError, RecursionError):
            return False
        return next(lines, b"").lstrip().startswith(b"{")


def _suffix(path: Path) -> str:
    return "".join(path.suffixes[-2:]) if path.suffix.lower() in PACKED else path.suffix
