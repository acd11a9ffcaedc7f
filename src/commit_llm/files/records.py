"""Reading records: all of a data file at once."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import access_of, require_data_file
from commit_llm.files.json_list import read_list
from commit_llm.files.lines import records_of_lines, spans
from commit_llm.files.parquet import parquet_tables, table_records
from commit_llm.files.record_stream import stream_records

Record = Mapping[str, Any]


def read_records(path: str | Path) -> list[dict[str, Any]]:
    """Read all records of a file, in order.

    `.json` holds one list of objects, or like `.jsonl` an object a line (two at least); `.parquet`, `.csv` and `.tsv` a
    row each; `.txt` one document a line as `{"text": line}` (an empty line is an empty document, so rows keep their
    number). Texts may be packed (.gz, .zst), and in UTF-16 with its mark.

    Raises UserError naming file and line where the file is missing, malformed or empty.
    """
    path = Path(path)
    require_data_file(path)
    records = READ[access_of(path)](path)
    if not records:
        raise UserError(f"{path}: holds no record; name another file")
    return records


@contextmanager
def records_of(path: Path) -> Iterator[None]:
    """Put a file's name before the message of an error about one of its records that is raised while inside."""
    try:
        yield
    except UserError as error:
        if str(error).startswith("record "):  # as text_of and its likes begin, which know no file
            raise UserError(f"{path}: {error}") from None
        raise


def text_of(record: Record, field: str, row: int) -> str:
    """Give the text in a field of a record.

    row: the index of the record, from 0. Raises UserError where the field is missing or holds no text; the message
    counts records from 1.
    """
    if field not in record:
        raise UserError(
            f"record {row + 1} of the data: no field {field!r}; it has {', '.join(map(repr, record)) or 'none'}"
        )
    value = record[field]
    if not isinstance(value, str):
        content = f"{type(value).__name__} {shown(value)}"
        raise UserError(f"record {row + 1} of the data: field {field!r} holds {content}, not a text")
    return value


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return [record for span, _ in spans(path, sys.maxsize, sys.maxsize) for record in records_of_lines(path, span)]


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    for table in parquet_tables(path, sys.maxsize, sys.maxsize):
        records += table_records(table, path, len(records))
    return records


READ = {
    "table": _read_parquet,
    "lines": _read_lines,
    "list": read_list,
    "stream": lambda path: [record for record, _ in stream_records(path)],
}
