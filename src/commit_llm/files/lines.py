"""Records of .jsonl and .txt files, line by line: a file may be larger than memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError

BOM = b"\xef\xbb\xbf"


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
    every_line = path.suffix == ".txt"
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


def records_of_lines(path: Path, span: Span) -> Iterator[dict[str, Any]]:
    """Read the records of a span. Raises UserError naming file and line, or the byte where the file is not UTF-8."""
    with path.open("rb") as file:
        file.seek(span.start)
        place, number = span.start, span.line
        while place < span.end:
            encoded = file.readline()
            if not encoded:
                raise UserError(f"{path}: has become shorter while it was read; begin anew when it is finished")
            try:
                text = encoded.decode("utf-8")
            except UnicodeDecodeError as error:
                raise UserError(f"{path}: not UTF-8 at byte {place + error.start}; convert the file to UTF-8") from None
            if path.suffix == ".txt":
                yield {"text": text.removesuffix("\n").removesuffix("\r")}
            elif not encoded.isspace():
                yield an_object(parse_json(text.rstrip("\r\n"), f"{path}:{number}"), f"{path}:{number}")
            place += len(encoded)
            number += 1


def parse_json(text: str, where: str) -> Any:
    """Parse JSON. Raises UserError naming where it stands, also for half a character, which no file can hold."""
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():  # an escape that may be half a character
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError as error:
        raise UserError(f"{where}: holds {error.object[error.start]!a}, half of a character; mend the text") from None
    except json.JSONDecodeError as error:
        start = max(0, error.pos - 20)
        raise UserError(f"{where}: malformed JSON: {error.msg} near {text[start : start + 40]!r}") from None
    except RecursionError:
        raise UserError(f"{where}: JSON nested too deeply") from None


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Give a record as it is. Raises UserError where it is no object of named fields."""
    if not isinstance(value, dict):
        raise UserError(f"{where}: holds {json.dumps(value)[:40]}, not an object of named fields")
    return value
