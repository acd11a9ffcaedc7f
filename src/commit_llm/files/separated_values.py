"""Rows of .csv and .tsv files, as RFC 4180 has them: a header, and quotes around values with line ends in them."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import LONGEST
from commit_llm.files.encoding_advice import not_utf_8

NAMES = {",": "comma", "\t": "tab"}
OTHER = re.compile(r"\w([;|,\t])\w")  # separates values in files of other programs
EXCEL = re.compile(r"sep=(.)", re.IGNORECASE)  # the first line that Excel has, or takes, before the header


@dataclass
class RowLines:
    """Give the lines of a file to a reader of rows, and know where the row under way begins.

    begin: the number of its first line, from 1.
    line: of the last line that was given.
    size: bytes of the row so far.
    place: bytes of the file before the line that is read next.
    """

    file: io.BufferedReader
    path: Path
    begin: int = field(init=False, default=1)
    line: int = field(init=False, default=0)
    size: int = field(init=False, default=0)
    place: int = field(init=False, default=0)

    def __iter__(self) -> Iterator[str]:
        """Give each line with its end. Raises UserError for a row without an end, and for a line that is not UTF-8."""
        while encoded := self.file.readline(LONGEST + 1):
            self.line += 1
            self.size += len(encoded)
            if self.size > LONGEST:
                raise UserError(
                    f"{self.path}:{self.begin}: a row of over {LONGEST >> 20} MB begins here; a quote in it may never "
                    "end"
                )
            try:
                yield encoded.decode("utf-8")
            except UnicodeDecodeError as error:
                raise not_utf_8(self.path, f"at byte {self.place + error.start}", encoded, error.start) from None
            self.place += len(encoded)

    def next_row(self) -> None:
        """Note that a row has ended."""
        self.begin, self.size = self.line + 1, 0


def rows_of(file: io.BufferedReader, path: Path, separator: str) -> Iterator[dict[str, str]]:
    """Give the rows of a table in UTF-8 by the names of its header. Blank lines are passed over,
    and a first line such as `sep=,`, which Excel has.

    Raises UserError, naming file and line, for a row with more or fewer values than the header, a quote that never
    ends, or a header that names a column twice.
    """
    # Of all readers of this process, whose limit would be 131,072 characters; a context may be longer.
    csv.field_size_limit(max(LONGEST, csv.field_size_limit()))
    lines = RowLines(file, path)
    header: list[str] = []
    try:
        for row in csv.reader(lines, delimiter=separator, strict=True):
            if row and header:
                if len(row) != len(header):
                    raise _ragged(lines, header, row, separator)
                yield dict(zip(header, row, strict=True))
            elif row:
                header = _header(lines, row, separator)
            lines.next_row()
    except csv.Error as error:
        where = f"{path}:{lines.begin}"
        if "unexpected end" in str(error):
            raise UserError(f"{where}: a quote that begins in this row never ends; {TWICE}") from None
        if "new-line character" in str(error):
            raise UserError(
                f"{where}: has a carriage return outside quotes; put quotes around a value that has one in it, and end "
                "lines in \\n or \\r\\n"
            ) from None
        raise UserError(f"{where}: malformed row ({error}); {TWICE}") from None


TWICE = "put quotes around a value that has one in it, and write that one twice"


def _header(lines: RowLines, names: list[str], separator: str) -> list[str]:
    """Give the names of the columns; none for a first line that names the separator instead."""
    where = f"{lines.path}:{lines.begin}"
    named = EXCEL.fullmatch(separator.join(names)) if lines.begin == 1 else None
    if named and named[1] == separator:
        return []
    before: set[str] = set()
    for name in names:
        if name in before:
            raise UserError(f"{where}: the header names column {shown(name)} twice; rename or leave out one")
        before.add(name)
    if other := named or (OTHER.search(names[0]) if len(names) == 1 else None):
        way_out = (
            f"name it .{'csv' if other[1] == ',' else 'tsv'}" if other[1] in NAMES else "save it with commas, as .csv"
        )
        what = shown(named[0]) if named else f"one column, {shown(names[0])}"
        raise UserError(
            f"{where}: {what}: values of a file of this name have a {NAMES[separator]} between them; {way_out}"
        )
    return names


def _ragged(lines: RowLines, header: list[str], row: list[str], separator: str) -> UserError:
    return UserError(
        f"{lines.path}:{lines.begin}: a row of {len(row)} values, and the header names {len(header)} "
        f"({', '.join(map(shown, header))}); put quotes around a value that has a {NAMES[separator]} in it"
    )
