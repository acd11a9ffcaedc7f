"""Lines of JSON in a file that grows while work is done, each with a checksum, so that a damaged one is noticed."""

import json
import logging
import os
import re
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.json_text import parse_json
from commit_llm.files.own import open_own

CHECKED = re.compile(rb'(\{.*), "crc32": (\d{1,10})\}', re.DOTALL)

LOGGER = logging.getLogger("commit_llm")


def add_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add a line for each row, at the end. A row has at least one value, and none named crc32."""
    with open_own(path, "ab") as file:
        file.write(b"".join(map(checked_line, rows)))


def checked_line(row: Mapping[str, Any]) -> bytes:
    """Write a row as a line: its checksum is that of the text before it."""
    text = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass").removesuffix(b"}")
    return text + b', "crc32": %d}\n' % zlib.crc32(text)


def read_lines(path: Path, so: str) -> list[dict[str, Any]]:
    """Read the rows that are whole. A line that was cut off by a kill is removed from the end of the file.

    Another one that has changed since it was written is passed over and told, once for the file.

    so: what becomes of it, for the message.
    """
    try:
        with open_own(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return []
    whole = content.rfind(b"\n") + 1
    if whole != len(content):
        with open_own(path, "r+b") as file:
            os.truncate(file.fileno(), whole)
    rows, damaged = [], Damaged(path)
    for number, line in enumerate(content[:whole].split(b"\n")[:-1], 1):
        match = CHECKED.fullmatch(line)
        if match is None or zlib.crc32(match[1]) != int(match[2]):
            damaged.note(number)
            continue
        try:
            text = (match[1] + b"}").decode("utf-8", "surrogatepass")
            rows.append(parse_json(text, path, number, half_characters=True))
        except (UserError, UnicodeDecodeError):
            damaged.note(number)
    damaged.tell(so)
    return rows


class Damaged:
    """Count the damaged lines of a file, and tell of them once."""

    def __init__(self, path: Path) -> None:
        self.path, self.numbers = path, list[int]()

    def note(self, number: int) -> None:
        """Add the number of a line, from 1."""
        self.numbers.append(number)

    def tell(self, so: str) -> None:
        """Warn, where there is one. so: what becomes of them."""
        if self.numbers:
            more = f" (and {len(self.numbers) - 1:,} more)" if len(self.numbers) > 1 else ""
            LOGGER.warning("%s:%d: a damaged line%s was skipped; %s", self.path, self.numbers[0], more, so)
