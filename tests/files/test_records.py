"""Reading and writing data files, and the one line that each kind of broken file is answered with."""

import json
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.records import load_data, read_records, text_of
from commit_llm.files.whole import whole_file, whole_folder
from commit_llm.files.writing import write_records

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
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', r"a\.jsonl:3: malformed JSON"),
        ("a.jsonl", b'{"a": "\\ud800"}', r"a\.jsonl:1: holds '\\ud800', half of a character"),
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
    with pytest.raises(UserError, match="record 4 of the data: no field 'output'; it has 'text'"):
        text_of({"text": "a"}, "output", 3)
    with pytest.raises(UserError, match="record 4 of the data: field 'text' holds int '5', not a text"):
        text_of({"text": 5}, "text", 3)


def test_what_a_format_cannot_hold(tmp_path):
    with pytest.raises(UserError, match="holds only a text a line"):
        write_records(ROWS, tmp_path / "a.txt")
    with pytest.raises(UserError, match="has no JSON form"):
        write_records([{"a": b"bytes"}], tmp_path / "a.jsonl")
    with pytest.raises(UserError, match="record 2 has a line break"):
        write_records([{"text": "a"}, {"text": "b\nc"}], tmp_path / "a.txt")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": "text"}, {"a": 1}], tmp_path / "a.parquet")
    with pytest.raises(UserError, match="do not fit Parquet"):
        write_records([{"a": 1}, {"a": "text"}], tmp_path / "a.parquet")
    assert list(tmp_path.iterdir()) == []


def test_parquet_holds_columns_that_only_some_records_have(tmp_path):
    write_records([{"a": 1}, {"a": 2, "b": "x"}], tmp_path / "a.parquet")
    assert read_records(tmp_path / "a.parquet") == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_a_pair_of_escapes_is_a_character(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "\\ud83d\\ude00"}')
    assert read_records(tmp_path / "a.jsonl") == [{"a": "😀"}]


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


def test_what_overwrite_replaces_and_what_not(tmp_path, monkeypatch):
    old = tmp_path / "folder"
    old.mkdir()
    (old / "old").write_text("")
    (old / "results.json").write_text("")
    with whole_folder(old, overwrite=True, marker="results.json") as temporary:
        (temporary / "new").write_text("")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]
    with (
        pytest.raises(UserError, match=r"holds something else \(no results\.json\)"),
        whole_folder(old, True, "results.json"),
    ):
        pass
    (tmp_path / "link").symlink_to(old)
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(UserError, match="is no folder"), whole_folder(tmp_path / name, True, "new"):
            pass
    monkeypatch.chdir(old)
    for name in (".", ".."):
        with (
            pytest.raises(UserError, match="is the folder you are in, or holds it"),
            whole_folder(Path(name), True, "new"),
        ):
            pass
    with pytest.raises(UserError, match="is a folder; name a file"), whole_file(old, overwrite=True):
        pass
    with pytest.raises(UserError, match="cannot be made a folder"), whole_file(tmp_path / "file" / "x"):
        pass
    assert (old / "new").is_file()


def test_what_came_there_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "folder"

    def write():
        with whole_folder(path) as temporary:
            (temporary / "new").write_text("")
            path.mkdir()
            (path / "precious").write_text("")

    with pytest.raises(UserError, match="exists already"):
        write()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "precious"]
