"""Records that are read when they are asked for: the same as those read at once, and little of them in memory."""

import datetime
import json
import os
import random
import tracemalloc
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.errors import UserError
from commit_llm.files import line_records
from commit_llm.files.line_records import open_records
from commit_llm.files.records import read_records, text_of
from commit_llm.files.writing import write_records
from tests.files.test_chunks import FAULTS

ROWS = [{"text": f"{n} \u2028 é\t" * (n % 7), "n": n} for n in range(100)]
SUFFIXES = ["json", "jsonl", "parquet", "txt"]


@pytest.mark.parametrize("in_memory", [0, 1 << 20])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_record_in_any_order(tmp_path, monkeypatch, caplog, suffix, in_memory):
    caplog.set_level("INFO")
    monkeypatch.setattr(line_records, "IN_MEMORY", in_memory)
    path = tmp_path / f"a.{suffix}"
    write_records(ROWS if suffix != "txt" else [{"text": row["text"]} for row in ROWS], path)
    seen = []
    records, whole = open_records(path, lambda record, row: seen.append((record, row))), read_records(path)
    assert len(records) == len(whole)
    assert list(records) == whole
    assert seen == [(record, row) for row, record in enumerate(whole)]
    for index in random.Random(0).sample(range(100), 100):
        assert records[index] == whole[index]
    assert records[-1] == whole[-1]
    assert records[3:7] == whole[3:7]
    with pytest.raises(IndexError):
        records[100]
    converted = in_memory == 0 and suffix in ("json", "parquet")
    assert ("written as lines into a temporary file" in caplog.text) == converted


def test_a_mark_at_the_head_carriage_returns_and_blank_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n\n{"a": 2}\n  \n{"a": 3}')
    assert list(open_records(path)) == [{"a": 1}, {"a": 2}, {"a": 3}]
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\n\n\xef\xbb\xbftwo")
    assert list(open_records(path)) == [{"text": "one"}, {"text": ""}, {"text": "\ufefftwo"}]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_texts_are_not_kept_in_memory(tmp_path, monkeypatch, suffix):
    """Of 6 MB; a list of them takes more than that."""
    monkeypatch.setattr(line_records, "IN_MEMORY", 1 << 20)
    monkeypatch.setattr(line_records, "CONVERTED", 1 << 18)
    monkeypatch.setattr("commit_llm.files.json_list.READ", 1 << 16)
    path = tmp_path / f"a.{suffix}"
    draws = random.Random(0)
    write_records([{"text": draws.randbytes(4000).hex()} for _ in range(750)], path)
    tracemalloc.start()
    try:
        records = open_records(path, lambda record, row: text_of(record, "text", row))
        kept, most = tracemalloc.get_traced_memory()
        assert sum(len(record["text"]) for record in records) == 6_000_000
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
    assert most < 3_000_000


@pytest.mark.parametrize(("content", "message"), FAULTS)
def test_faults_are_told_with_their_place_in_the_file(tmp_path, content, message):
    """At once where the records are looked at, else when they are asked for."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        open_records(path, lambda record, row: None)
    with pytest.raises(UserError, match=message):
        list(open_records(path))


def test_a_record_that_cannot_be_used_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(line_records, "IN_MEMORY", 0)
    for suffix in ("json", "jsonl", "parquet"):
        write_records([{"a": "x", "b": "y"}, {"a": "x", "b": None}], tmp_path / f"a.{suffix}")
        with pytest.raises(UserError, match="record 2 of the data: field 'b' holds NoneType null, not a text"):
            open_records(tmp_path / f"a.{suffix}", lambda record, row: text_of(record, "b", row))


def test_a_file_that_changes_is_told(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    records = open_records(path)
    os.utime(path, ns=(0, 0))
    with pytest.raises(UserError, match=r"a\.jsonl: changed while it was read"):
        records[0]


def test_values_that_are_no_json(tmp_path, monkeypatch):
    """They are no text, as in memory; the texts beside them are the same."""
    monkeypatch.setattr(line_records, "IN_MEMORY", 0)
    table = pa.table({"text": ["x"], "day": [datetime.date(2026, 1, 1)], "bytes": [b"\xff"]})
    pq.write_table(table, tmp_path / "a.parquet")
    (record,) = open_records(tmp_path / "a.parquet")
    assert record["text"] == "x"
    assert not any(isinstance(record[name], str) for name in ("day", "bytes"))


def test_the_temporary_file_is_in_tmpdir_and_has_no_name(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(line_records, "IN_MEMORY", 0)
    folder = tmp_path / "room"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    records = open_records(tmp_path / "a.json")
    assert os.readlink(f"/proc/self/fd/{records.file}").startswith(str(folder))
    assert list(folder.iterdir()) == []
    assert str(folder) in caplog.text


def test_a_full_disk_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(line_records, "IN_MEMORY", 0)
    (tmp_path / "a.json").write_text(json.dumps(ROWS))
    monkeypatch.setattr("tempfile.TemporaryFile", partial(open, "/dev/full", "wb"))
    with pytest.raises(UserError, match=r"do not fit into .* as lines; name a folder with more room in TMPDIR"):
        open_records(tmp_path / "a.json")
