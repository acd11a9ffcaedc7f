"""Read the texts of some records of a data file, which may be larger than memory."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.data.mixed_fields import ALL, Fields, text_columns
from commit_llm.errors import UserError
from commit_llm.files.chunks import SIZE, Chunk, blocks, chunks, text_size
from commit_llm.files.data_format import access_of, require_data_file
from commit_llm.files.json_list import list_items
from commit_llm.files.lines import records_of_lines, spans, whole
from commit_llm.files.parquet import parquet_rows, parquet_tables, table_records
from commit_llm.files.record_stream import stream_records
from commit_llm.files.records import Record, records_of

if TYPE_CHECKING:
    import pyarrow as pa

FIRST = 5000  # records that tell a dictionary's coverage well enough, in seconds
SAMPLED = 20_000  # records whose words tell well enough how many words of all can be replaced


def first_records(path: Path, number: int) -> tuple[list[Record], int | None]:
    """Read so many records of a file, from the first, and no more of it; count all of them.

    The count is None where it is not known without parsing them: of what has no lines, and more records. Raises
    UserError where the file is missing, malformed so far, or empty.
    """
    require_data_file(path)
    records: list[Record]
    total: int | None
    access = access_of(path)
    if access in ("list", "stream"):
        items = list_items if access == "list" else stream_records
        records = [record for record, _ in islice(items(path), number + 1)]
        total = None if len(records) > number else len(records)
    elif access == "table":
        table = next(parquet_tables(path, number, sys.maxsize), None)
        records = [] if table is None else [*table_records(table, path)]
        total = parquet_rows(path)
    else:
        records = list(islice(records_of_lines(path, whole(path)), number))
        total = sum(lines for _, lines in spans(path, sys.maxsize, sys.maxsize))
    if not records:
        raise UserError(f"{path}: holds no record; name another file")
    return records[:number], total


def first_examples(path: Path, fields: Fields = ALL) -> list[dict[str, str]]:
    """Read the first 5,000 records of a data file, each one its texts by field.

    Raises UserError for a field that is missing or no text.
    """
    with records_of(path):
        texts = (fields.texts_of(record, row) for row, record in enumerate(islice(_records(path), FIRST)))
        return [{name: text for name, text in of_record.items() if text is not None} for of_record in texts]


def sample_columns(path: Path, fields: Fields = ALL) -> "dict[str, pa.ChunkedArray]":
    """Read the texts of at most 20,000 records, or 64 MB, the first ones of every chunk of a file.

    Reads the file through twice. Raises UserError for a field that is missing or no text.
    """
    import pyarrow as pa

    number = sum(1 for _ in chunks(path))
    samples: list[tuple[int, dict[str, pa.Array]]] = []
    for chunk in chunks(path):
        sample: list[Record] = []
        size = 0
        for record in islice(_records_of(path, chunk), max(1, SAMPLED // number)):
            sample.append(record)
            size += text_size(record)
            if size >= SIZE // number:
                break
        with records_of(path):
            samples.append((len(sample), text_columns(sample, fields, chunk.first_row)))
    names = dict.fromkeys(name for _, columns in samples for name in columns)
    nulls = pa.large_string()  # of a sample in which no record has the field
    return {
        name: pa.chunked_array([columns.get(name, pa.nulls(rows, nulls)) for rows, columns in samples])
        for name in names
    }


def _records(path: Path) -> Iterator[Record]:
    for chunk in chunks(path):
        yield from _records_of(path, chunk)


def _records_of(path: Path, chunk: Chunk) -> Iterator[Record]:
    for _, block in blocks(path, chunk):
        yield from block
