"""The checksum that a weights file carries in its own metadata, so that a bit that flipped later is noticed.

It covers every byte of the file, header and tensors, with its own digits taken as zeros. A file that another program
wrote has no such entry, and is read as it is.
"""

import json
import re
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.checksum import DIGITS, NAME, checksum
from commit_llm.files.json_text import parse_json

ENTRY = "commit_llm.checksum"  # in the metadata
METADATA = "__metadata__"  # of a safetensors header
# What a file is written with, before it is sealed. The format is what transformers looks for.
UNSEALED = {"format": "pt", ENTRY: f"{NAME}:{'0' * DIGITS}"}
AGAIN = "fetch or export it again"
LENGTH = 8  # bytes at the head of a file: the length of its header
LONGEST_HEADER = 100_000_000  # bytes, as the library of safetensors has it


def seal(file: Path) -> None:
    """Put the checksum of a file that was written with UNSEALED into it.

    The library writes the metadata in any order; here they get one, so that the same weights give the same bytes.
    """
    text, header = _read_header(file)
    unordered = _compact(header[METADATA])
    if text.count(f'"{METADATA}":{unordered}') != 1:
        raise OSError(f"{file}: its header has changed since it was written")
    ordered = text.replace(unordered, _compact(UNSEALED), 1)
    with file.open("r+b") as opened:
        opened.seek(LENGTH)
        opened.write(ordered.encode("utf-8"))
    place = _place_of_digits(ordered, UNSEALED[ENTRY])
    digits = checksum(file)
    with file.open("r+b") as opened:
        opened.seek(place.start)
        opened.write(digits.encode("ascii"))


def require_unchanged(file: Path) -> None:
    """Raise UserError where a file carries a checksum that is not its own; read it once, from end to end.

    An entry counts as a checksum by its name and by its form: one bit can spoil one of them, and not both.
    """
    text, header = _read_header(file)
    metadata = header.get(METADATA, {})
    if not isinstance(metadata, dict):
        return  # which the library refuses
    values = [value for name, value in metadata.items() if name == ENTRY or _is_checksum(value)]
    if not values:
        return
    value = str(metadata.get(ENTRY))
    whole = values == [value] and _is_checksum(value) and text.count(value) == 1
    if not whole or value != f"{NAME}:{checksum(file, _place_of_digits(text, value))}":
        raise UserError(f"{file}: is damaged (its bytes and its checksum do not match); copy or export it again")


def _is_checksum(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(rf"{NAME}:[0-9a-f]{{{DIGITS}}}", value) is not None


def _compact(value: dict[str, str]) -> str:
    """Write JSON as the library of safetensors does."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _place_of_digits(text: str, value: str) -> slice:
    """Give the bytes of a file that are the digits of its checksum, from the text of its header."""
    end = LENGTH + len(text[: text.index(value)].encode("utf-8")) + len(value)
    return slice(end - DIGITS, end)


def _read_header(file: Path) -> tuple[str, dict[str, Any]]:
    """Give the header of a safetensors file, as text and parsed. Raises UserError where it is none."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(LENGTH), "little")
        if length > LONGEST_HEADER:
            raise UserError(f"{file}: not a readable safetensors file (a header of {length:,} bytes); {AGAIN}")
        raw = opened.read(length)
    try:
        text = raw.decode("utf-8")
        header = parse_json(text, file)
    except (UnicodeDecodeError, UserError):
        raise UserError(f"{file}: not a readable safetensors file (its header is not JSON); {AGAIN}") from None
    if not isinstance(header, dict):
        raise UserError(f"{file}: not a readable safetensors file (its header is not an object); {AGAIN}")
    return text, header
