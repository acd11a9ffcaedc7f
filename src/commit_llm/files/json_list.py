"""Objects of a .json list, read one after another: the file may be larger than memory."""

import json
import os
import sys
from collections.abc import Iterator
from json.decoder import WHITESPACE  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any, TextIO

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import an_object, read_json

READ = 1 << 20  # characters read at a time
LIST_OR_LINES = "it must be one list of objects, or several objects, one a line; put [ and ] around a single one"


def read_list(path: Path) -> list[dict[str, Any]]:
    """Read all objects at once. Raises UserError where the file holds anything else."""
    rows = read_json(path)
    if not isinstance(rows, list):
        holds = "one JSON object" if isinstance(rows, dict) else f"a JSON {type(rows).__name__}"
        raise UserError(f"{path}: holds {holds}; {LIST_OR_LINES}")
    return [an_object(row, f"{path}: item {n}") for n, row in enumerate(rows)]


def list_items(path: Path) -> Iterator[tuple[dict[str, Any], int]]:
    """Read the objects one by one, each with the number of bytes of the file that are read by then.

    Raises UserError where the file holds anything else. To say what is wrong, and where, it is then read whole.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for value in objects_of_list(file):
                yield value, os.lseek(file.fileno(), 0, os.SEEK_CUR)
                number += 1
        return
    except (ValueError, RecursionError):
        rows = read_list(path)
    size = path.stat().st_size
    yield from ((row, size) for row in rows[number:])


def objects_of_list(file: TextIO, longest: int = sys.maxsize) -> Iterator[dict[str, Any]]:
    """Give each object of a list. Raises ValueError or RecursionError where the text is anything else.

    longest: characters of an object.
    """
    for value, text in _values(file, longest):
        if not isinstance(value, dict):
            raise ValueError(f"holds {shown(value)}, not an object of named fields")
        if "\\ud" in text or "\\uD" in text:  # an escape that may be half a character, which no file can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        yield value


def _values(file: TextIO, longest: int) -> Iterator[tuple[Any, str]]:
    """Give each value of a list, with its text. Raises ValueError where the text is not a list."""
    decode = json.JSONDecoder().raw_decode
    buffer, place = _next_character(file, "", 0)
    if buffer[place] != "[":
        raise ValueError(f"begins with {shown(buffer[place])}")
    buffer, place = _next_character(file, buffer, place + 1)
    while buffer[place] != "]":
        while True:
            try:
                value, end = decode(buffer, place)
                if end < len(buffer):  # a number at the end may go on
                    break
            except json.JSONDecodeError:  # it may be cut at the end
                pass
            if len(buffer) - place > longest:
                raise ValueError(f"over {longest:,} characters without an end")
            more = file.read(max(READ, len(buffer) - place))
            if not more:
                raise ValueError("ends within a value")
            buffer, place = buffer[place:] + more, 0
        yield value, buffer[place:end]
        buffer, place = _next_character(file, buffer, end)
        if buffer[place] == ",":
            buffer, place = _next_character(file, buffer, place + 1)
            if buffer[place] == "]":
                raise ValueError("ends with a comma")
        elif buffer[place] != "]":
            raise ValueError(f"has {shown(buffer[place])} between two objects")
    if buffer[place + 1 :].strip() or file.read().strip():
        raise ValueError("continues after the list")


def _next_character(file: TextIO, buffer: str, place: int) -> tuple[str, int]:
    """Pass over white space; give what is read of the file, and where the next character stands in it."""
    while (place := WHITESPACE.match(buffer, place).end()) == len(buffer):
        buffer, place = file.read(READ), 0
        if not buffer:
            raise ValueError("ends early")
    return buffer, place
