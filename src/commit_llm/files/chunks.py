"""Chunks of a data file, each small enough for memory, and the records of a chunk."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.data_format import access_of, layout_of, require_data_file
from commit_llm.files.json_list import list_items
from commit_llm.files.lines import Span, records_of_lines, spans
from commit_llm.files.parquet import parquet_rows, parquet_tables, table_records
from commit_llm.files.record_stream import stream_records
from commit_llm.files.records import Record

ROWS = 16_384
SIZE = 64 << 20  # bytes of text; a longer line or row is a chunk by itself
# Records that are mixed at a time: Python objects, and what the mixer works with, take several times their text.
BLOCK_ROWS, BLOCK_SIZE = 2048, 4 << 20
LOOKED_AT = 100  # records that tell the columns of a file


class Chunk(NamedTuple):
    """Hold neighbouring records of a file.

    number: of the chunk, from 0.
    first_row: the index of its first record in the file.
    rows: how many records it has.
    content: a span of lines, a pyarrow table, or the records.
    done: how far into the file it reaches, in the unit of `length`.
    """

    number: int
    first_row: int
    rows: int
    content: Any
    done: int


def length(path: Path) -> tuple[int, str]:
    """Say how long a file is, and in which unit: rows where they are known beforehand, else bytes."""
    require_data_file(path)
    return (parquet_rows(path), "rows") if layout_of(path) == ".parquet" else (path.stat().st_size, "bytes")


def chunks(path: Path, rows: int = ROWS, size: int = SIZE) -> Iterator[Chunk]:
    """Cut a file into chunks. One ends after `rows` records, or where `size` bytes of text are reached.

    The file alone decides where they end, so that work that is taken up again meets the same ones. Raises UserError
    where the file is missing, malformed or empty.
    """
    require_data_file(path)
    first_row = 0
    numbers = count()
    for content, records, done in _contents(path, rows, size):
        if records:
            yield Chunk(next(numbers), first_row, records, content, first_row + records if done is None else done)
            first_row += records
        del content  # while the next one is read
    if not first_row:
        raise UserError(f"{path}: holds no record; name another file")


def _contents(path: Path, rows: int, size: int) -> Iterator[tuple[Any, int, int | None]]:
    access = access_of(path)
    if access == "table":
        for table in parquet_tables(path, rows, size):
            yield table, len(table), None
            del table  # while the next one is read
    elif access != "lines":
        records, text, done = [], 0, 0
        for record, done in (list_items if access == "list" else stream_records)(path):
            records.append(record)
            text += text_size(record)
            if len(records) == rows or text >= size:
                yield records, len(records), done
                records, text = [], 0
        yield records, len(records), done
    else:
        for span, lines in spans(path, rows, size):
            yield span, lines, span.end


def first_rows(path: Path, number: int = LOOKED_AT) -> list[Record]:
    """Read the first records of a file, and hardly more of it. Raises UserError as `chunks` does."""
    return [record for _, block in blocks(path, next(chunks(path, number))) for record in block]


def blocks(path: Path, chunk: Chunk) -> Iterator[tuple[int, list[Record]]]:
    """Give the records of a chunk a few at a time, with the index of the first one in the file."""
    row, block, size = chunk.first_row, [], 0
    for record in _records(path, chunk.content, chunk.first_row):
        block.append(record)
        size += text_size(record)
        if len(block) == BLOCK_ROWS or size >= BLOCK_SIZE:
            yield row, block
            row, block, size = row + len(block), [], 0
    if block:
        yield row, block


def table_blocks(chunk: Chunk) -> Iterator[tuple[int, Any]]:
    """Give the rows of a chunk that is a pyarrow table a few at a time, as `blocks` does."""
    table = chunk.content
    rows = min(BLOCK_ROWS, max(1, BLOCK_SIZE * len(table) // max(1, table.nbytes)))
    for start in range(0, len(table), rows):
        yield chunk.first_row + start, table.slice(start, rows)


def text_size(record: Record) -> int:
    """Count the characters of a record's texts, however deep they stand."""
    size, rest = 0, list(record.values())
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, list):
            rest += value
        elif isinstance(value, dict):
            rest += value.values()
    return size


def _records(path: Path, content: Any, first_row: int) -> Iterator[Record]:
    if isinstance(content, Span):
        yield from records_of_lines(path, content)
    elif isinstance(content, list):
        yield from content
    else:
        for batch in content.to_batches():
            yield from table_records(batch, path, first_row)
            first_row += len(batch)
