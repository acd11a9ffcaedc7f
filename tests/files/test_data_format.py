"""What a name and the first bytes of a file tell: how records stand in it, and how they are read."""

import gzip
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.data_format import access_of, has_data_suffix, layout_of, require_written_suffix
from tests.files.test_unpacking import zstd

OBJECTS = '{"a": "x"}\n{"a": "é"}\n'


@pytest.mark.parametrize(
    ("name", "layout", "is_data"),
    [
        ("a.jsonl", ".jsonl", True),
        ("A.JSONL", ".jsonl", True),
        ("a.Csv.GZ", ".csv", True),
        ("a.txt.zst", ".txt", True),
        ("a.b.tsv", ".tsv", True),
        ("a.PARQUET", ".parquet", True),
        ("a.parquet.gz", ".parquet", False),
        ("a.gz", "", False),
        ("a.jsonl.bz2", ".bz2", False),
        ("a", "", False),
    ],
)
def test_the_name_tells_the_layout(name, layout, is_data):
    assert (layout_of(Path(name)), has_data_suffix(Path(name))) == (layout, is_data)


@pytest.mark.parametrize(
    ("name", "content", "access"),
    [
        ("a.jsonl", OBJECTS.encode(), "lines"),
        ("a.JSONL", b"\xef\xbb\xbf" + OBJECTS.encode(), "lines"),
        ("a.txt", b"", "lines"),
        ("a.json", b'[{"a": 1}]', "list"),
        ("a.json", b' [\n{"a": 1}]', "list"),
        ("a.json", b'{"a": 1}', "list"),
        ("a.json", b'{\n "a": 1}', "list"),
        ("a.json", b'{"a": 1}\n]', "list"),
        ("a.json", b'{"a": \n{"a": 1}\n', "list"),
        ("a.json", b'"a"\n{"a": 1}\n', "list"),
        ("a.json", OBJECTS.encode(), "lines"),
        ("a.json", b"\xef\xbb\xbf\n \n" + OBJECTS.replace("\n", "\r\n\r\n").encode(), "lines"),
        ("a.csv", b"a\nx\n", "stream"),
        ("a.tsv", b"a\nx\n", "stream"),
        ("a.jsonl", OBJECTS.encode("utf-16"), "stream"),
        ("a.json", OBJECTS.encode("utf-16"), "stream"),
        ("a.jsonl.gz", gzip.compress(OBJECTS.encode()), "stream"),
        ("a.jsonl", zstd(OBJECTS.encode()), "stream"),
        ("a.jsonl.gz", OBJECTS.encode(), "lines"),
    ],
)
def test_the_first_bytes_tell_how_a_file_is_read(tmp_path, name, content, access):
    (tmp_path / name).write_bytes(content)
    assert access_of(tmp_path / name) == access


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.txt.gz"])
def test_utf_16_without_a_mark_is_told_with_the_line_that_mends_it(tmp_path, name):
    content = OBJECTS.encode("utf-16-le")
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(UserError, match=r"UTF-16LE without a byte-order mark; convert it: .*iconv -f UTF-16LE -t UTF"):
        access_of(tmp_path / name)


def test_what_is_written(tmp_path):
    for name in ("a.JSONL", "a.json", "a.parquet", "a.txt"):
        require_written_suffix(tmp_path / name)
    for name, suffix in (("a.csv", ".csv"), ("a.jsonl.gz", ".jsonl.gz"), ("a", "")):
        with pytest.raises(UserError, match=rf"unknown suffix '{suffix}'; the output is a \.json, "):
            require_written_suffix(tmp_path / name)
