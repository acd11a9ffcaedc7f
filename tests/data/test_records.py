"""Reading and writing data files, and the one line that each kind of broken file is answered with."""

import json

import pytest

from commit_llm.data.files import whole_file, whole_folder
from commit_llm.data.records import load_data, read_records, text_of, write_records
from commit_llm.errors import UserError

ROWS = [{"instruction": "Ναι\u2028;", "n": 1}, {"instruction": "b\n", "n": 2}]


@pytest.mark.parametrize("suffix", ["json", "jsonl", "parquet"])
def test_formats_keep_rows_and_columns(tmp_path, suffix):
    path = tmp_path / f"data.{suffix}"
    write_records(ROWS, path)
    assert read_records(path) == ROWS


def test_text_is_a_document_a_line(tmp_path):
    path = tmp_path / "data.txt"
    path.write_bytes("one\r\n\ntwo\u2028three".encode())
    records = read_records(path)
    assert records == [{"text": "one"}, {"text": ""}, {"text": "two\u2028three"}]
    write_records(records, tmp_path / "copy.txt")
    assert (tmp_path / "copy.txt").read_text(encoding="utf-8") == "one\n\ntwo\u2028three\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"x", r"a\.csv: unknown suffix '\.csv'"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', r"a\.jsonl:2: malformed JSON"),
        ("a.jsonl", b"[1]\n", r"a\.jsonl:1: holds \[1\], not an object"),
        ("a.json", b'{"a": 1}', r"a\.json: holds a JSON dict"),
        ("a.json", b"[1]", r"a\.json: item 0: holds 1, not an object"),
        ("a.jsonl", b'{"a": "\xff"}', r"a\.jsonl: not UTF-8 at byte 7"),
        ("a.jsonl", b"", r"a\.jsonl: holds no record"),
        ("a.txt", b"", r"a\.txt: holds no record"),
        ("a.json", b"[" * 100_000, r"a\.json: JSON nested too deeply"),
        ("a.parquet", b"PAR1", r"a\.parquet: not a readable Parquet file"),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        read_records(path)
    assert "\n" not in str(error.value)


def test_missing_data(tmp_path):
    with pytest.raises(UserError, match="no such data file"):
        read_records(tmp_path / "none.jsonl")
    with pytest.raises(UserError, match="no such data file"):
        load_data("./none")


def test_hub_is_told_when_out_of_reach():
    with pytest.raises(UserError, match="nobody/nothing: neither a file here nor a data set loaded from the hub"):
        load_data("nobody/nothing")


def test_fields():
    with pytest.raises(UserError, match="row 3: no field 'output'; it has 'text'"):
        text_of({"text": "a"}, "output", 3)
    with pytest.raises(UserError, match="row 3: field 'text' holds int '5', not a text"):
        text_of({"text": 5}, "text", 3)


def test_what_a_format_cannot_hold(tmp_path):
    with pytest.raises(UserError, match="holds only a text a line"):
        write_records(ROWS, tmp_path / "a.txt")
    with pytest.raises(UserError, match="has no JSON form"):
        write_records([{"a": b"bytes"}], tmp_path / "a.jsonl")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": 1}, {"a": "text"}], tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def fail_halfway(manager, is_folder):
    with manager as temporary:
        (temporary / "half" if is_folder else temporary).write_text("half")
        raise RuntimeError


def test_outputs_appear_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError):
        fail_halfway(whole_file(tmp_path / "file"), is_folder=False)
    with pytest.raises(RuntimeError):
        fail_halfway(whole_folder(tmp_path / "folder"), is_folder=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("old")
    with pytest.raises(UserError, match="exists already"), whole_file(tmp_path / "file"):
        pass
    with whole_file(tmp_path / "file", overwrite=True) as temporary:
        temporary.write_text(json.dumps("new"))
    assert (tmp_path / "file").read_text() == '"new"'
