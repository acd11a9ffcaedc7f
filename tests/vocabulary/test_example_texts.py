"""Examples of a data file: which of them count, what each is, and how far the reading has come."""

import json

import pytest

from commit_llm.data.column_names import ColumnNames
from commit_llm.data.mixed_fields import ALL, Fields
from commit_llm.errors import UserError
from commit_llm.vocabulary.example_texts import ExampleReader

RECORDS = [
    {"instruction": "Hi", "input": " ", "output": "Yes"},
    {"text": "A dog"},
    {"text": " "},
    {"text": None},
    {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]},
    {"text": "A cat"},
]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mixed.jsonl"
    path.write_text("".join(f"{json.dumps(record)}\n" for record in RECORDS))
    return path


def test_blank_texts_do_not_count_and_rows_keep_their_number(path):
    examples = [(example.kind, example.row, example.texts) for example in ExampleReader(path, ALL)]
    assert examples == [
        ("instruction", 0, {"instruction": "Hi", "output": "Yes"}),
        ("text", 1, {"text": "A dog"}),
        ("conversation", 4, {"user 1": "Hi", "output": "Yes"}),
        ("text", 5, {"text": "A cat"}),
    ]


def test_only_the_first_are_read(path):
    for most, rows, is_cut in ((3, [0, 1], True), (5, [0, 1, 4], True), (6, [0, 1, 4, 5], False)):
        reports = []
        reader = ExampleReader(path, ALL, most, lambda *progress: reports.append(progress))  # noqa: B023
        assert [example.row for example in reader] == rows
        assert reader.is_cut is is_cut
        assert reports == [(most, most)]


def test_how_far_a_whole_file_is_read_is_told_in_bytes(path):
    reports = []
    assert len([*ExampleReader(path, ALL, report=lambda *progress: reports.append(progress))]) == 4
    assert reports == [(path.stat().st_size, path.stat().st_size)]


def test_columns_of_other_names(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"content": "A dog", "instruction": "x"}\n')
    columns = Fields(("text",), columns=ColumnNames({"text": "content"}))
    assert [(example.kind, example.texts) for example in ExampleReader(path, columns)] == [("text", {"text": "A dog"})]


def test_a_record_without_texts_is_named(path, tmp_path):
    with pytest.raises(UserError, match=r"mixed\.jsonl: record 1 of the data: no field 'text'"):
        list(ExampleReader(path, Fields(("text",))))
