"""Reading data files, and the one line that each kind of broken file is answered with."""

import pytest

from commit_llm.errors import UserError
from commit_llm.files.records import read_records, text_of
from commit_llm.files.writing import write_records


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
        ("a.xlsx", b"x", r"a\.xlsx: unknown suffix '\.xlsx'; data is a \.json, .* file \(or \.gz or \.zst after it"),
        ("a.parquet.gz", b"x", r"a\.parquet\.gz: unknown suffix '\.parquet\.gz'"),
        ("a.gz", b"x", r"a\.gz: unknown suffix '\.gz'"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', r"a\.jsonl:2: malformed JSON"),
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', r"a\.jsonl:3: malformed JSON"),
        ("a.jsonl", b'{"a": "\\ud800"}', r"a\.jsonl:1: holds '\\ud800', half of a character"),
        ("a.jsonl", b"[1]\n", r"a\.jsonl:1: holds \[1\], not an object"),
        ("a.json", b'{"a": 1}', r"a\.json: holds one JSON object; .* one a line; put \[ and \] around a single one"),
        ("a.json", b'"a"', r"a\.json: holds a JSON str; it must be one list of objects"),
        ("a.json", b"[1]", r"a\.json: item 0: holds 1, not an object"),
        ("a.jsonl", b'{"a": "\xff"}', r"a\.jsonl: not UTF-8 at byte 7"),
        ("a.jsonl", b"", r"a\.jsonl: holds no record"),
        ("a.txt", b"", r"a\.txt: holds no record"),
        ("a.json", b"[" * 100_000, r"a\.json: malformed JSON: nested too deeply"),
        ("a.json", b'[{"a": 1},\n{"a": }]', r"a\.json:2: malformed JSON: .* near "),
        (
            "a.json",
            b'[{"a": 1},\n{"n": ' + b"1" * 4301 + b"}]",
            r"a\.json:2: holds a whole number of over 4,300",
        ),
        ("a.jsonl", b'{}\n{"n": -' + b"1" * 4301 + b"}", r"a\.jsonl:2: holds a whole number of over 4,300 digits"),
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


def test_fields():
    with pytest.raises(UserError, match="record 4 of the data: no field 'output'; it has 'text'"):
        text_of({"text": "a"}, "output", 3)
    with pytest.raises(UserError, match="record 4 of the data: field 'text' holds int 5, not a text"):
        text_of({"text": 5}, "text", 3)


def test_a_pair_of_escapes_is_a_character(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "\\ud83d\\ude00"}')
    assert read_records(tmp_path / "a.jsonl") == [{"a": "😀"}]
