"""Data files in chunks: every record once, cut at places that the file alone decides on."""

import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.errors import UserError
from commit_llm.files.chunks import blocks, chunks, length
from commit_llm.files.records import read_records
from commit_llm.files.writing import write_records

ROWS = [{"text": f"{n} \u2028 é" * (n % 7), "n": n} for n in range(100)]


def records(path, **limits):
    found = []
    for chunk in chunks(path, **limits):
        assert chunk.first_row == len(found)
        for row, block in blocks(path, chunk):
            assert row == len(found)
            found += block
        assert len(found) - chunk.first_row == chunk.rows
    return found


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet", "txt"])
@pytest.mark.parametrize("rows", [1, 7, 100, 1000])
def test_every_record_comes_once(tmp_path, suffix, rows):
    path = tmp_path / f"a.{suffix}"
    whole = ROWS if suffix != "txt" else [{"text": row["text"]} for row in ROWS]
    write_records(whole, path)
    assert records(path, rows=rows) == whole == read_records(path)
    cut = list(chunks(path, rows=rows))
    assert [chunk.rows for chunk in cut] == [rows] * (100 // rows) + [100 % rows] * (100 % rows > 0)
    assert [chunk.number for chunk in cut] == list(range(len(cut)))
    assert cut[-1].done == length(path)[0]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet"])
def test_a_chunk_ends_where_its_text_is_long_enough(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    long = [{"text": "x" * (5000 if n == 50 else 10)} for n in range(100)]
    write_records(long, path)
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(long), path, row_group_size=10)
    cut = [chunk.rows for chunk in chunks(path, rows=30, size=3000)]
    assert cut == [30, 21, 30, 19] if suffix != "parquet" else max(cut) <= 30
    assert records(path, rows=30, size=3000) == long


def test_row_groups_do_not_show(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet", row_group_size=13)
    assert records(tmp_path / "a.parquet", rows=20) == ROWS


def test_a_row_group_is_read_a_piece_at_a_time(tmp_path):
    path = tmp_path / "a.parquet"
    draws = random.Random(0)
    pq.write_table(pa.table({"text": [draws.randbytes(500).hex() for _ in range(20_000)]}), path)
    before = pa.total_allocated_bytes()
    chunk = next(chunks(path, rows=1024))
    assert chunk.content.nbytes > 1_000_000
    assert pa.total_allocated_bytes() - before < 8_000_000  # of 20


def test_a_mark_at_the_head_carriage_returns_and_blank_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n\n{"a": 2}\n  \n{"a": 3}')
    assert records(path, rows=1) == read_records(path) == [{"a": 1}, {"a": 2}, {"a": 3}]
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n\xef\xbb\xbftwo")
    assert records(path, rows=1) == read_records(path) == [{"text": "one"}, {"text": ""}, {"text": "\ufefftwo"}]
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf[{"a": 1}]')
    assert records(path) == [{"a": 1}]


# Content of a .jsonl file, and what is said of it.
FAULTS = [
    (b'{"a": 1}\n\n{"a": \n', r"a\.jsonl:3: malformed JSON"),
    (b'{"a": 1}\n{"a": "\xff"}', r"a\.jsonl: not UTF-8 at byte 16"),
    (b'{"a": 1}\n\n[2]', r"a\.jsonl:3: holds \[2\], not an object"),
    (b"\n \n", r"a\.jsonl: holds no record"),
    (b"", r"a\.jsonl: holds no record"),
]


@pytest.mark.parametrize(("content", "message"), FAULTS)
def test_faults_are_told_with_their_place_in_the_file(tmp_path, content, message):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        records(path, rows=1)


def test_one_long_line_is_a_chunk(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "dog " * 500_000}) + '\n{"text": "cat"}\n')
    assert [chunk.rows for chunk in chunks(path, size=1000)] == [1, 1]
