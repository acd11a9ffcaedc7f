"""What a broken dictionary file is answered with."""

import pytest

from commit_llm.codemix import BilingualDictionary
from commit_llm.errors import UserError


def test_the_line_and_its_content_are_named(tmp_path):
    path = tmp_path / "en-el.txt"
    path.write_text("dog\tσκύλος\na b c\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"en-el\.txt:2: 1 tab-separated field\(s\) in 'a b c'"):
        BilingualDictionary.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"dog\t\xff\n", "not UTF-8 at byte 4"), (b"x" * 500 + b"\n", r"xxx\.\.\.'")],
)
def test_unusable_files(tmp_path, content, message):
    path = tmp_path / "d.txt"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        BilingualDictionary.load(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(UserError, match="no such dictionary file"):
        BilingualDictionary.load(tmp_path / "en-el.txt")
    with pytest.raises(UserError, match="is a directory"):
        BilingualDictionary.load(tmp_path)
