"""Tables of Parquet files: read and written a piece at a time, for a file may be larger than memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, reason_of, shown
from commit_llm.files.own import open_own
from commit_llm.files.unpacking import FREE, MOST_TIMES

BATCH = 256  # rows decoded at a time: a table ends at the end of one
BUFFER = 1 << 20  # bytes of a column read at a time
DECODED = 64 << 20  # bytes that the rows decoded at a time may have, where few bytes of the file stand for many


def parquet_rows(path: Path) -> int:
    """Count the rows of a file. Raises UserError where it is no Parquet."""
    with _opened(path) as file:
        return int(file.metadata.num_rows)


def parquet_bytes(path: Path) -> int:
    """Give the bytes of a file's columns, decompressed. Raises UserError where it is no Parquet."""
    with _opened(path) as file:
        return sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))


def parquet_tables(path: Path, rows: int, size: int) -> Iterator[Any]:
    """Read a file as tables of at most `rows` rows, or those that reach `size` bytes.

    The file alone decides where it is cut. Raises UserError where it is no readable Parquet.
    """
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    with _opened(path) as file:
        for batch in file.iter_batches(batch_size=min(_rows_at_a_time(path, file.metadata), rows)):
            if sum(map(len, batches)) + len(batch) > rows:
                yield _table(batches, file)
            batches.append(batch)
            if sum(map(len, batches)) == rows or sum(each.nbytes for each in batches) >= size:
                yield _table(batches, file)
        if batches:
            yield _table(batches, file)


def _rows_at_a_time(path: Path, metadata: Any) -> int:
    """Give how many rows are decoded at a time: fewer where a value that stands there once may be that of many rows.

    Of rows that are packed to less than a hundredth, one value may have all the bytes. The columns' own metadata would
    tell more, but the library ends the process where they are damaged.
    """
    sizes = [metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)]
    largest = max((size for size in sizes if size > MOST_TIMES * path.stat().st_size), default=0)
    return max(1, min(BATCH, DECODED // max(1, largest)))


def _table(batches: list[Any], file: Any) -> Any:
    """Make a table of batches without a copy. The list is emptied, so that it does not keep them in memory."""
    import pyarrow as pa

    table = pa.Table.from_batches(batches, file.schema_arrow)
    batches.clear()
    return table


def table_records(table: Any, path: Path | str, first_row: int = 0) -> list[dict[str, Any]]:
    """Give the rows of a table, or of a batch of one, as records.

    path: of the file, or what it is called in a message.
    first_row: the index of its first row in the file.

    Raises UserError naming row and column of a text that is no UTF-8, since Parquet does not look, and of a value that
    Python does not have, such as a date in the year 30,000.
    """
    try:
        return list(table.to_pylist())
    except (ValueError, ArithmeticError):
        for name, column in zip(table.schema.names, table.columns, strict=True):
            for row, value in enumerate(column, first_row + 1):
                try:
                    value.as_py()
                except (ValueError, ArithmeticError) as error:
                    what = f"holds no value ({reason_of(error)})"
                    if isinstance(error, UnicodeDecodeError):
                        what = f"not UTF-8 at byte {error.start}"
                    place = f"row {row}, column {shown(name)}"
                    raise UserError(f"{path}: {place}: {what}; correct or remove it") from None
        raise


def write_parquet(tables: Iterable[Any], schema: Any, path: Path) -> Iterator[int]:
    """Write tables that fit the schema, a row group each, and give the number of rows written so far."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = 0
    with open_own(path, "xb") as file, pq.ParquetWriter(file, schema) as writer:
        for table in tables:
            written += len(table)
            if not table.schema.equals(schema):
                # Columns that only other tables have are null here, and whole numbers may be fractions there.
                table = pa.concat_tables([schema.empty_table(), table], promote_options="permissive").cast(schema)
            writer.write_table(table, row_group_size=max(1, len(table)))
            del table  # while the next one is read
            yield written


def _require_proportion(path: Path, metadata: Any) -> None:
    """Raise UserError where a file says that it unpacks to far more than its size, as packed texts may not either."""
    size = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if size > max(FREE, MOST_TIMES * path.stat().st_size):
        raise UserError(
            f"{path}: unpacks to over {MOST_TIMES} times its size, as no text does; if you trust it, write it anew "
            "without compression"
        )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Without both of these a whole row group is read at once, which may be all of the file.
        with pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
            _require_proportion(path, file.metadata)
            yield file
    except pa.ArrowException as error:
        raise UserError(f"{path}: not a readable Parquet file ({error}); fetch or write it again") from None
    except UnicodeDecodeError as error:
        reason = f"a column's name is not UTF-8: {error}"
        raise UserError(f"{path}: not a readable Parquet file ({reason}); rename it") from None
    except OSError as error:  # the library's own, of a damaged file, have no number
        if error.errno is not None:
            raise
        raise UserError(f"{path}: not a readable Parquet file ({reason_of(error)}); fetch or write it again") from None
