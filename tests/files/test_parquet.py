"""Tables of Parquet files, a piece at a time."""

import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.errors import UserError
from commit_llm.files.parquet import parquet_rows, parquet_tables, write_parquet
from commit_llm.files.records import read_records


def test_tables_are_written_and_read_in_pieces(tmp_path):
    path = tmp_path / "a.parquet"
    schema = pa.schema({"n": pa.float64(), "text": pa.string()})
    tables = [pa.table({"n": [1.5], "text": ["a"]}), pa.table({"n": [2, 3]}), pa.table({"n": [4.0], "text": ["d"]})]
    assert list(write_parquet(tables, schema, path)) == [1, 3, 4]
    assert parquet_rows(path) == 4
    pieces = list(parquet_tables(path, 3, 1 << 20))
    assert [row for piece in pieces for row in piece.to_pylist()] == [
        {"n": 1.5, "text": "a"}, {"n": 2.0, "text": None}, {"n": 3.0, "text": None}, {"n": 4.0, "text": "d"},
    ]  # fmt: skip
    assert all(len(piece) <= 3 for piece in pieces)


def test_what_is_no_parquet(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="not a readable Parquet file"):
        parquet_rows(tmp_path / "a.parquet")


def test_a_text_that_is_no_utf_8(tmp_path):
    """Parquet keeps bytes, and says that they are a text."""
    offsets, letters = pa.py_buffer(struct.pack("<4i", 0, 3, 6, 9)), pa.py_buffer(b"dogca\xffcow")
    column = pa.StringArray.from_buffers(3, offsets, letters)
    pq.write_table(pa.table({"number": [1, 2, 3], "text": column}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet: row 2, column 'text': not UTF-8 at byte 2"):
        read_records(tmp_path / "a.parquet")
