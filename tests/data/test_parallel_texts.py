"""Two files of parallel texts: lines, or paragraphs in SQuAD layout."""

import gzip
import json
import re

import pytest

from commit_llm.data.parallel_texts import LONGEST_LINE, open_parallel
from commit_llm.errors import UserError


def squad(*paragraphs):
    """A file of one article, of texts with the ids of their questions."""
    content = [{"context": text, "qas": [{"id": id} for id in ids]} for text, ids in paragraphs]
    return json.dumps({"data": [{"paragraphs": content}]})


def read(source, target):
    number, pairs = open_parallel(source, target)
    pairs = list(pairs)
    assert len(pairs) == number
    return pairs


def test_lines(tmp_path):
    """Of any name, packed or not, in UTF-16 with its mark; empty ones keep their place."""
    source, target = tmp_path / "corpus.en", tmp_path / "corpus.txt.gz"
    source.write_bytes("A dog.\r\n\r\nA cat.".encode("utf-16"))
    target.write_bytes(gzip.compress("Ένας σκύλος.\n\nΜια γάτα.\n".encode()))
    assert read(source, target) == [("A dog.", "Ένας σκύλος."), ("", ""), ("A cat.", "Μια γάτα.")]


def test_paragraphs(tmp_path):
    source, target = tmp_path / "en.json", tmp_path / "el.json"
    source.write_text(squad(("A dog.", ["1", "2"]), ("A cat.", [])))
    target.write_text(squad(("Ένας σκύλος.", ["1", "2"]), ("Μια γάτα.", [])))
    assert read(source, target) == [("A dog.", "Ένας σκύλος."), ("A cat.", "Μια γάτα.")]


def test_xquad(shared):
    pairs = read(shared.data("xquad/xquad.en.json"), shared.data("xquad/xquad.el.json"))
    assert len(pairs) == 240
    assert [pair[1] for pair in pairs] == [record["text"] for record in shared.contexts("el")]


def test_lines_are_read_one_at_a_time(tmp_path):
    """A file that is broken further down gives its first lines."""
    source, target = tmp_path / "source.txt", tmp_path / "target.txt"
    source.write_text("x\n" * 30)
    target.write_text("y\n" * 30)
    number, pairs = open_parallel(source, target)
    long = b"a" * (LONGEST_LINE // 2) + b"\n"
    source.write_bytes(long * 20 + b"\xff\n" * 10)
    assert (number, next(pairs)) == (30, (long.decode().strip(), "y"))
    with pytest.raises(UserError, match=f"not UTF-8 at byte {20 * len(long)}"):
        list(pairs)


TWO = squad(("A dog.", ["1"]), ("A cat.", ["2"]))
MISTAKES = [
    ("a.txt", "x\ny\n", "b.txt", "x\n", r"a\.txt has 2 lines, and \S+b\.txt 1; each is to be the translation"),
    ("a.txt", "", "b.txt", "x\n", r"a\.txt: holds no lines"),
    ("a.txt", "x\n", "b.txt", "", r"b\.txt: holds no lines"),
    ("a.txt", "x\n", "b.json", TWO, r"b\.json: is \.json, in SQuAD layout, and \S+a\.txt has lines of text; give two"),
    ("a.json", TWO, "b.en", "x\n", r"a\.json: is \.json, in SQuAD layout, and \S+b\.en has lines of text; give two"),
    ("a.json", TWO, "b.json", squad(("A dog.", ["1"])), r"a\.json has 2 paragraphs, and \S+b\.json 1;"),
    ("a.json", TWO, "b.json", squad(("x", ["1"]), ("y", ["3"])), r"paragraph 2 has question '3' where \S+ has '2'"),
    ("a.json", TWO, "b.json", squad(("x", ["1"]), ("y", [])), "paragraph 2 has question null where"),
    ("a.json", "", "b.json", TWO, r"a\.json: holds no paragraphs"),
    ("a.json", '{"data": []}', "b.json", TWO, r"a\.json: holds no paragraphs"),
    ("a.json", TWO, "b.json", "{", r"b\.json: malformed JSON"),
    ("a.json", TWO, "b.json", "[1]", r"b\.json: not in SQuAD layout"),
    ("a.json", TWO, "b.json", '{"data": [{"paragraphs": [{"context": 1}]}]}', r"b\.json: not in SQuAD layout"),
    ("a.json", TWO, "b.json", '{"data": 7}', r"b\.json: not in SQuAD layout"),
    ("a.jsonl", "{}\n", "b.txt", "x\n", r"a\.jsonl: a \.jsonl file has no plain lines"),
    ("a.txt", "x\n", "b.parquet", "x", r"b\.parquet: a \.parquet file has no plain lines"),
    ("a.txt", "x\n", "b.txt", None, r"b\.txt: no such file"),
    ("a.txt", "x" * (LONGEST_LINE + 2), "b.txt", "x\n", r"a\.txt:1: a line of over 1,048,576 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "content", "two", "other", "message"), MISTAKES)
def test_a_mistake_is_one_line(tmp_path, one, content, two, other, message):
    for name, text in ((one, content), (two, other)):
        if text is not None:
            (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as raised:
        open_parallel(tmp_path / one, tmp_path / two)
    assert re.search(message, str(raised.value))


def test_utf_16_without_a_mark_is_one_line(tmp_path):
    (tmp_path / "a.txt").write_bytes("A dog and a cat\n".encode("utf-16-le"))
    (tmp_path / "b.txt").write_text("x\n")
    with pytest.raises(UserError, match=r"a\.txt: UTF-16LE without a byte-order mark; convert it"):
        open_parallel(tmp_path / "a.txt", tmp_path / "b.txt")


def test_a_file_that_is_too_large_to_read_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("commit_llm.data.squad_paragraphs.LARGEST", 10)
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(TWO)
    with pytest.raises(UserError, match=r"a\.json: over 0 MB, which are not read at once; give files of lines"):
        open_parallel(tmp_path / "a.json", tmp_path / "b.json")
