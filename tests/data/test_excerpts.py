"""The texts of some records of a data file."""

import json

import pytest

from commit_llm.data import excerpts
from commit_llm.data.excerpts import first_examples, first_records, sample_columns
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError
from commit_llm.files.writing import write_records


@pytest.fixture
def path(tmp_path):
    records = [{"instruction": f"say {n}", "output": None if n % 2 else f"{n}", "id": n} for n in range(100)]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_the_first_records(path, monkeypatch):
    assert first_examples(path)[:2] == [{"instruction": "say 0", "output": "0"}, {"instruction": "say 1"}]
    assert first_examples(path, Fields(("output",)))[:2] == [{"output": "0"}, {}]
    monkeypatch.setattr(excerpts, "FIRST", 7)
    assert len(first_examples(path)) == 7
    with pytest.raises(UserError, match="record 1 of the data: no field 'text'"):
        first_examples(path, Fields(("text",)))


def test_a_sample_is_the_first_records_of_every_chunk(path, monkeypatch):
    assert sample_columns(path)["output"].to_pylist() == [None if n % 2 else f"{n}" for n in range(100)]
    cut = excerpts.chunks
    monkeypatch.setattr(excerpts, "chunks", lambda path: cut(path, 25))
    monkeypatch.setattr(excerpts, "SAMPLED", 12)
    columns = sample_columns(path, Fields(("instruction",)))
    assert list(columns) == ["instruction"]
    assert columns["instruction"].to_pylist() == [
        f"say {n}" for start in (0, 25, 50, 75) for n in range(start, start + 3)
    ]


@pytest.mark.parametrize(("suffix", "total"), [("json", None), ("jsonl", 9), ("parquet", 9), ("txt", 9)])
def test_the_first_records_and_no_more(tmp_path, suffix, total):
    path = tmp_path / f"a.{suffix}"
    rows = [{"text": f"line {n}"} for n in range(9)]
    write_records(rows, path)
    assert first_records(path, 2) == (rows[:2], total)
    assert first_records(path, 9) == first_records(path, 100) == (rows, 9)
    if suffix in ("json", "jsonl"):
        path.write_text(path.read_text().replace("line 8", '"'))
        assert first_records(path, 2) == (rows[:2], total)
        with pytest.raises(UserError, match="malformed JSON"):
            first_records(path, 100)
    if suffix != "parquet":
        path.write_text("[]" if suffix == "json" else "")
        with pytest.raises(UserError, match="holds no record"):
            first_records(path, 2)
