"""Parse the JSON of files, lines and sidecars; whatever cannot be read becomes one line that says where it stands."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.files.encoding_advice import not_utf_8

BOM = b"\xef\xbb\xbf"


def read_json(path: Path) -> Any:
    """Read a JSON file. A byte-order mark at its head is left out.

    Raises UserError where it is not UTF-8 or cannot be parsed, and OSError where it cannot be opened.
    """
    return parse_json(utf8_of(path), path)


def read_json_object(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds one object; raise what `read_json` raises, and UserError for anything else."""
    value = read_json(path)
    if not isinstance(value, dict):
        raise UserError(f"{path}: malformed: holds no JSON object")
    return value


def utf8_of(path: Path) -> str:
    """Read a text file without a byte-order mark at its head. Raises UserError where it is not UTF-8."""
    try:
        return path.read_bytes().removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(path, f"at byte {error.start}", error.object, error.start) from None


def parse_json(text: str, path: Path | str, line: int | None = None, *, half_characters: bool = False) -> Any:
    """Parse JSON. Raises UserError naming the file and the line.

    path: the file that it stands in.
    line: the number of the line that it is, from 1. None where it is the whole file.
    half_characters: whether a text may hold half a character, which no file can hold as it is.
    """
    try:
        value = json.loads(text)
        if not half_characters and "\\ud" in text.lower():  # an escape that may be half a character
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError as error:
        lowered = text.lower()
        where = _place(path, line, lowered, lowered.find(ascii(error.object[error.start])[1:-1]))
        raise UserError(f"{where}: holds {error.object[error.start]!a}, half of a character; correct it") from None
    except json.JSONDecodeError as error:
        start = max(0, error.pos - 20)
        near = text[start : start + 40]
        raise UserError(f"{_place(path, line, text, error.pos)}: malformed JSON: {error.msg} near {near!r}") from None
    except RecursionError:
        raise UserError(f"{path if line is None else f'{path}:{line}'}: malformed JSON: nested too deeply") from None
    except ValueError:  # Python reads no whole number of more digits
        limit = sys.get_int_max_str_digits()
        digits = re.search(rf"\d{{{limit + 1},}}", text)
        where = _place(path, line, text, digits.start() if digits else -1)
        raise UserError(f"{where}: holds a whole number of over {limit:,} digits; write it as a text") from None


def _place(path: Path | str, line: int | None, text: str, position: int) -> str:
    """Name file and line. A file of one line needs no number, and neither does a place that is not known."""
    if line is None and position >= 0 and "\n" in text.rstrip():
        line = text.count("\n", 0, position) + 1
    return f"{path}" if line is None else f"{path}:{line}"


def an_object(value: Any, where: str) -> dict[str, Any]:
    """Give a record as it is. Raises UserError where it is not an object of named fields."""
    if not isinstance(value, dict):
        raise UserError(f"{where}: holds {shown(value)}, not an object of named fields")
    return value
