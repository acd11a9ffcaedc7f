"""Records of a text that is read from its first byte to its last: packed, in UTF-16, or a table of values."""

import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, reason_of
from commit_llm.files.data_format import LONGEST, has_json_lines, layout_of
from commit_llm.files.encoding_advice import not_utf_8
from commit_llm.files.json_list import LIST_OR_LINES, objects_of_list
from commit_llm.files.lines import record_of_line
from commit_llm.files.separated_values import rows_of
from commit_llm.files.text_stream import opened_as_utf_8

SEPARATORS = {".csv": ",", ".tsv": "\t"}


def stream_records(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Read the records of a text one by one, each with the number of bytes of the file that are read by then.

    No more of it is kept than one record, which has an end (LONGEST). Raises UserError, naming file and line or item,
    where the text is malformed.
    """
    layout = layout_of(path)
    if layout == ".json":
        layout = ".jsonl" if has_json_lines(path) else layout
    with path.open("rb") as raw, opened_as_utf_8(path, raw) as file:
        if layout in SEPARATORS:
            records = rows_of(file, path, SEPARATORS[layout])
        elif layout == ".json":
            records = _items(file, path)
        else:
            records = _lines(file, path, plain_text=layout == ".txt")
        for record in records:
            yield record, raw.tell()


def _lines(file: io.BufferedReader, path: Path, *, plain_text: bool) -> Iterator[dict[str, Any]]:
    place = 0
    for number in count(1):
        line = file.readline(LONGEST + 1)
        if not line:
            return
        if len(line) > LONGEST:
            size = f"a line of over {LONGEST >> 20} MB"
            raise UserError(f"{path}:{number}: {size}, which is not a record; is this the right file?")
        if plain_text or not line.isspace():
            yield record_of_line(path, line, place, number, plain_text=plain_text)
        place += len(line)


def _items(file: io.BufferedReader, path: Path) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        for record in objects_of_list(io.TextIOWrapper(file, "utf-8", newline=""), LONGEST):
            yield record
            number += 1
    except UnicodeDecodeError as error:
        raise not_utf_8(path, f"after item {number}", error.object, error.start) from None
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else reason_of(error)
        raise UserError(f"{path}: item {number}: malformed JSON: {reason}; {LIST_OR_LINES}") from None
