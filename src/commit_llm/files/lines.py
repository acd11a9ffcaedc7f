"""Records of .jsonl and .txt files in UTF-8, line by line: a file may be larger than memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.data_format import layout_of
from commit_llm.files.encoding_advice import not_utf_8
from commit_llm.files.json_text import BOM, an_object, parse_json


class Span(NamedTuple):
    """Hold the place of whole lines in a file: bytes from start to end, and the number of the first line, from 1."""

    start: int
    end: int
    line: int


def spans(path: Path, rows: int, size: int) -> Iterator[tuple[Span, int]]:
    """Cut a file into spans, each with its number of records: at most `rows`, or the line that reaches `size` bytes.

    The file alone decides where it is cut. A byte-order mark at its head is left out. A blank line is a record of a
    .txt file, and nothing in a .jsonl file.
    """
    every_line = layout_of(path) == ".txt"
    with path.open("rb") as file:
        start = end = len(BOM) if file.read(len(BOM)) == BOM else 0
        file.seek(start)
        number, line, records = 0, 1, 0
        for number, text in enumerate(file, 1):
            end += len(text)
            records += every_line or not text.isspace()
            if records == rows or end - start >= size:
                yield Span(start, end, line), records
                start, line, records = end, number + 1, 0
        if end > start:
            yield Span(start, end, line), records


def whole(path: Path) -> Span:
    """Give the span of all lines of a file."""
    with path.open("rb") as file:
        return Span(len(BOM) if file.read(len(BOM)) == BOM else 0, path.stat().st_size, 1)


def lines_of(path: Path, span: Span) -> Iterator[tuple[int, int, bytes]]:
    """Give every line of a span that is a record: where it begins, its number from 1, and what it holds."""
    every_line = layout_of(path) == ".txt"
    with path.open("rb") as file:
        file.seek(span.start)
        place, number = span.start, span.line
        while place < span.end:
            encoded = file.readline()
            if not encoded:
                raise UserError(f"{path}: became shorter while it was read; start again when it is finished")
            if every_line or not encoded.isspace():
                yield place, number, encoded
            place += len(encoded)
            number += 1


def record_of_line(path: Path, encoded: bytes, place: int, number: int, *, plain_text: bool) -> dict[str, Any]:
    """Read the record of a line. Raises UserError naming file and line, or the byte where the file is not UTF-8.

    place: where the line begins in the file.
    number: of the line, from 1.
    plain_text: whether the line is a document, and no JSON.
    """
    try:
        text = encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(path, f"at byte {place + error.start}", encoded, error.start) from None
    if plain_text:
        return {"text": text.removesuffix("\n").removesuffix("\r")}
    return an_object(parse_json(text.rstrip("\r\n"), path, number), f"{path}:{number}")


def records_of_lines(path: Path, span: Span) -> Iterator[dict[str, Any]]:
    """Read the records of a span. Raises UserError naming file and line, or the byte where the file is not UTF-8."""
    plain_text = layout_of(path) == ".txt"
    for place, number, encoded in lines_of(path, span):
        yield record_of_line(path, encoded, place, number, plain_text=plain_text)
