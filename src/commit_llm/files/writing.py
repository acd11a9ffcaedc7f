"""Records written, as a whole file or as parts that are joined; a text file has the same bytes either way."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import layout_of, require_written_suffix
from commit_llm.files.own import open_own
from commit_llm.files.parquet import write_parquet
from commit_llm.files.records import Record
from commit_llm.files.whole import whole_file

COPY = 1 << 22  # bytes copied at a time
SEPARATOR = ",\n"  # before every object of a list: the first one loses it when the parts are joined


def write_records(records: Sequence[Record], path: Path, overwrite: bool = False) -> None:
    """Write records in the format that the suffix names; the file appears whole or not at all.

    Raises UserError where a record does not fit the format, or the file exists (unless overwrite).
    """
    require_written_suffix(path)
    with whole_file(path, overwrite) as temporary:
        part = temporary.with_name(f"{temporary.name}.part")
        write_part([(0, records)], part, path)
        for _ in join_parts([part], temporary, path):
            pass


def write_part(blocks: Iterable[tuple[int, Sequence[Record]]], path: Path, out: Path) -> None:
    """Write blocks of records, each with the index of its first one, in the form that `out` is made of.

    Raises UserError where a record does not fit the format.
    """
    layout = layout_of(out)
    if layout == ".parquet":
        _write_as_table(blocks, path, out)
        return
    with open_own(path, "x", encoding="utf-8", newline="\n") as file:
        for first_row, records in blocks:
            for row, record in enumerate(records, first_row):
                file.write(_text(record, row, out, layout))


def write_table_part(tables: Iterator[Any], path: Path) -> None:
    """Write pyarrow tables of one schema, in Arrow's own format: they become Parquet once, when parts are joined."""
    import pyarrow as pa

    first = next(tables)
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with open_own(path, "xb") as sink, pa.ipc.new_stream(sink, first.schema, options=options) as writer:
        for table in chain([first], tables):
            writer.write_table(table)


def join_parts(parts: Sequence[Path], path: Path, out: Path) -> Iterator[int]:
    """Write the file that the parts make up, part by part, and give how many are done: parts, or the rows of Parquet.

    Raises UserError where the parts together do not fit the format.
    """
    layout = layout_of(out)
    if layout == ".parquet":
        yield from _join_tables(parts, path, out)
        return
    with open_own(path, "xb") as file:
        if layout == ".json":
            file.write(b"[\n")
        for done, part in enumerate(parts, 1):
            with part.open("rb") as source:
                if layout == ".json" and done == 1:
                    source.seek(len(SEPARATOR))
                shutil.copyfileobj(source, file, COPY)
            yield done
        if layout == ".json":
            file.write(b"\n]\n")


def _text(record: Record, row: int, out: Path, layout: str) -> str:
    if layout == ".txt":
        if set(record) != {"text"}:
            raise UserError(
                f"{out}: a .txt file holds only a text a line, these records have more columns; write .jsonl"
            )
        if not isinstance(record["text"], str):
            raise UserError(
                f"{out}: record {row + 1} holds {shown(record['text'])}, not a line of a .txt file; write .jsonl"
            )
        if "\n" in record["text"]:
            raise UserError(f"{out}: record {row + 1} has a line break, which a .txt file cannot hold; write .jsonl")
        return f"{record['text']}\n"
    try:
        if layout == ".jsonl":
            return json.dumps(record, ensure_ascii=False) + "\n"
        return SEPARATOR + " " + json.dumps(record, ensure_ascii=False, indent=1).replace("\n", "\n ")
    except TypeError as error:
        raise UserError(f"{out}: a value has no JSON form ({error}); write .parquet") from None


def _write_as_table(blocks: Iterable[tuple[int, Sequence[Record]]], path: Path, out: Path) -> None:
    import pyarrow as pa

    tables = []
    try:
        for _, records in blocks:
            names = dict.fromkeys(name for record in records for name in record)
            tables.append(pa.table({name: [record.get(name) for record in records] for name in names}))
        write_table_part(iter([pa.concat_tables(tables, promote_options="permissive")]), path)
    except (pa.ArrowException, OverflowError) as error:
        raise _unfit(out, error) from None


def _join_tables(parts: Sequence[Path], path: Path, out: Path) -> Iterator[int]:
    import pyarrow as pa

    def tables() -> Iterator[Any]:
        for part in parts:
            with pa.OSFile(str(part)) as source:
                yield pa.ipc.open_stream(source).read_all()

    try:
        schema = pa.unify_schemas([_schema(part) for part in parts], promote_options="permissive")
        yield from write_parquet(tables(), schema, path)
    except pa.ArrowException as error:
        raise _unfit(out, error) from None


def _schema(part: Path) -> Any:
    import pyarrow as pa

    with pa.OSFile(str(part)) as source:
        return pa.ipc.open_stream(source).schema


def _unfit(out: Path, error: Exception) -> UserError:
    return UserError(f"{out}: the records do not fit Parquet ({error}); write .jsonl")
