"""Records of files larger than memory: where each begins is kept, and it is read when it is asked for."""

import errno
import json
import logging
import os
import tempfile
import weakref
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm.errors import UserError
from commit_llm.files.chunks import blocks, chunks
from commit_llm.files.data_format import access_of, layout_of, require_data_file
from commit_llm.files.lines import lines_of, record_of_line, whole
from commit_llm.files.parquet import parquet_bytes
from commit_llm.files.records import Record, read_records, records_of
from commit_llm.files.unpacking import is_packed, unpacked_bytes

LOGGER = logging.getLogger("commit_llm")
CONVERTED = 4 << 20  # bytes of text converted at a time
BLOCK = 1 << 20  # bytes read at a time, to count lines
# Bytes; a smaller file without lines is kept as Python objects, which take some three times its size.
IN_MEMORY = 32 << 20

# Is called with each record and its index, and raises UserError where the record cannot be used.
Check = Callable[[Record, int], object]


class LineRecords(Sequence[Record]):
    """Give the records of lines, each read anew when it is asked for; any thread may ask. Takes 8 bytes a record.

    path: of the data, for messages.
    file: a descriptor of the lines, which it closes.
    starts: where each record begins, and where the last one ends.
    """

    def __init__(self, path: Path, file: int, starts: Sequence[int], *, plain_text: bool) -> None:
        self.path, self.file, self.plain_text = path, file, plain_text
        self.starts = np.asarray(starts, np.int64)
        self._changed = os.fstat(file).st_mtime_ns
        weakref.finalize(self, os.close, file)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        start, end = int(self.starts[index]), int(self.starts[index + 1])
        line = os.pread(self.file, end - start, start).partition(b"\n")[0]  # blank lines may follow
        if os.fstat(self.file).st_mtime_ns != self._changed:
            raise UserError(f"{self.path}: changed while it was read; start again when it is finished")
        try:
            return record_of_line(self.path, line, start, 0, plain_text=self.plain_text)
        except UserError:
            return record_of_line(self.path, line, start, self._line(start), plain_text=self.plain_text)

    def _line(self, start: int) -> int:
        """Count the lines up to a place, for a message."""
        with self.path.open("rb") as file:
            return 1 + sum(file.read(min(BLOCK, start - place)).count(b"\n") for place in range(0, start, BLOCK))


def open_records(path: Path, check: Check | None = None) -> Sequence[Record]:
    """Open the records of a file. Its texts are not kept in memory, unless it is small.

    A line is found by where it begins. Other files have no lines that can be: a `.json` list, a Parquet or .csv file,
    a packed one or one in UTF-16. Where they are not small they are written as JSON lines once, into a temporary file
    without a name, which is gone when the process ends in whatever way. TMPDIR names its folder.

    check: looks at every record. Without one the lines are not parsed before they are asked for.

    Raises UserError where the file is missing, malformed or empty, and what check raises.
    """
    require_data_file(path)
    records: Sequence[Record]
    with records_of(path):
        if access_of(path) == "lines":
            records = _index(path, check)
        elif (size := _size(path)) > IN_MEMORY:
            records = _converted(path, check, size)
        else:
            records = read_records(path)
            for row, record in enumerate(records if check else ()):
                check(record, row)  # type: ignore[misc]
    if not records:
        raise UserError(f"{path}: holds no record; name another file")
    return records


def _size(path: Path) -> int:
    """Give the bytes of a file's records; of a packed text no more than tell that they are too many."""
    if layout_of(path) == ".parquet":
        return parquet_bytes(path)
    return unpacked_bytes(path, IN_MEMORY) if is_packed(path) else path.stat().st_size


def _index(path: Path, check: Check | None) -> LineRecords:
    span, starts, plain_text = whole(path), array("q"), layout_of(path) == ".txt"
    for place, number, encoded in lines_of(path, span):
        if check is not None:
            check(record_of_line(path, encoded, place, number, plain_text=plain_text), len(starts))
        starts.append(place)
    starts.append(span.end)
    return LineRecords(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC), starts, plain_text=plain_text)


def _converted(path: Path, check: Check | None, size: int) -> LineRecords:
    folder = tempfile.gettempdir()
    LOGGER.info(
        "%s: its records are written as lines into a temporary file in %s, %s %s MB (TMPDIR names another folder)",
        path,
        folder,
        "over" if is_packed(path) else "some",
        f"{size / 1e6:,.0f}",
    )
    starts = array("q", [0])
    try:
        with tempfile.TemporaryFile() as file:
            for chunk in chunks(path, size=CONVERTED):
                for first, block in blocks(path, chunk):
                    for row, record in enumerate(block, first):
                        if check is not None:
                            check(record, row)
                        line = json.dumps(record, ensure_ascii=False, default=_no_text) + "\n"
                        starts.append(starts[-1] + file.write(line.encode("utf-8")))
                del chunk, block  # while the next one is read
            file.flush()
            return LineRecords(path, os.dup(file.fileno()), starts, plain_text=False)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UserError(
            f"{path}: its records do not fit into {folder} as lines; name a folder with more room in TMPDIR, or give "
            "a .jsonl file"
        ) from None


def _no_text(value: Any) -> dict[str, str]:
    """Stand for a value that JSON does not have, such as a date: it is not a text, and nothing is trained on it."""
    return {"type": type(value).__name__}
