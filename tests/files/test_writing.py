"""Records written in every format, and what a format cannot hold."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.files.writing import join_parts, write_part, write_records

ROWS = [{"instruction": "Ναι\u2028;", "n": 1}, {"instruction": "b\n", "n": 2}]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet"])
def test_formats_keep_rows_and_columns(tmp_path, suffix):
    path = tmp_path / f"data.{suffix}"
    write_records(ROWS, path)
    assert read_records(path) == ROWS


def test_what_a_format_cannot_hold(tmp_path):
    with pytest.raises(UserError, match="holds only a text a line"):
        write_records(ROWS, tmp_path / "a.txt")
    with pytest.raises(UserError, match="has no JSON form"):
        write_records([{"a": b"bytes"}], tmp_path / "a.jsonl")
    with pytest.raises(UserError, match="record 2 has a line break"):
        write_records([{"text": "a"}, {"text": "b\nc"}], tmp_path / "a.txt")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": json.loads("[" * 200 + "]" * 200)}], tmp_path / "a.parquet")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": "text"}, {"a": 1}], tmp_path / "a.parquet")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": 1}, {"a": "text"}], tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_parquet_holds_columns_that_only_some_records_have(tmp_path):
    write_records([{"a": 1}, {"a": 2, "b": "x"}], tmp_path / "a.parquet")
    assert read_records(tmp_path / "a.parquet") == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet"])
def test_parts_make_up_the_file_that_is_written_at_once(tmp_path, suffix):
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    records = [{"n": n, "text": "é\n" * n} for n in range(9)]
    write_records(records, whole)
    parts = []
    for start, end in ((0, 4), (4, 5), (5, 9)):
        parts.append(tmp_path / str(start))
        write_part([(row, records[row : row + 1]) for row in range(start, end)], parts[-1], out)
    steps = list(join_parts(parts, out, out))
    assert steps == ([4, 5, 9] if suffix == "parquet" else [1, 2, 3])
    assert read_records(out) == records
    assert suffix == "parquet" or out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("value", [None, 5])
def test_a_line_of_a_txt_file_is_a_text(tmp_path, value):
    with pytest.raises(UserError, match=r"a\.txt: record 2 holds (null|5), not a line of a \.txt file; write"):
        write_records([{"text": "dog"}, {"text": value}], tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []
