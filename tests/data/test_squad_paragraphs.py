"""Paragraphs of SQuAD's layout, and what tells it from a list of records."""

import gzip
import json

import pytest

from commit_llm.data.squad_paragraphs import Paragraph, is_squad, read_paragraphs
from commit_llm.errors import UserError

SQUAD = {"data": [{"paragraphs": [{"context": "Α", "qas": [{"id": 7}]}]}, {"paragraphs": [{"context": "b"}]}]}
FILES = [
    ("a.json", json.dumps(SQUAD), True),
    ("a.json", "\n " + json.dumps(SQUAD, indent=2), True),
    ("a.json", '[{"text": "a"}]', False),
    ("a.json", '{"text": "a"}\n{"text": "b"}\n', False),
    ("a.jsonl", json.dumps(SQUAD), False),
    ("a.txt", json.dumps(SQUAD), False),
    ("a.json", None, False),
]


@pytest.mark.parametrize(("name", "content", "expected"), FILES)
def test_which_files_are_in_it(tmp_path, name, content, expected):
    if content is not None:
        (tmp_path / name).write_text(content)
    assert is_squad(tmp_path / name) is expected


def test_its_paragraphs(tmp_path):
    """Of all articles in order; packed too."""
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps(SQUAD).encode()))
    assert is_squad(path)
    assert read_paragraphs(path) == [Paragraph("Α", ("7",)), Paragraph("b", ())]


def test_another_object_is_one_line(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"text": "a"}')
    with pytest.raises(UserError, match=r"a\.json: not in SQuAD layout \(data, paragraphs, context, qas\): KeyError"):
        read_paragraphs(path)
