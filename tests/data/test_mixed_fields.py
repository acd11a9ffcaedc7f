"""Which texts of a record are mixed."""

import pytest

from commit_llm.data import mixed_fields
from commit_llm.data.mixed_fields import Fields, is_conversation, text_columns, usual_columns
from commit_llm.errors import UserError


def test_usual_columns():
    columns = ("instruction", "input", "output")
    assert usual_columns({"input": "", "output": "", "instruction": "", "id": 1}, 0) == columns
    assert usual_columns({"input": None, "output": "", "instruction": ""}, 0) == ("instruction", "output")
    assert usual_columns({"text": ""}, 0) == ("text",)
    assert usual_columns({"text": "", "instruction": "", "output": ""}, 0) == ("instruction", "output")
    assert usual_columns({"text": "", "instruction": None, "output": None}, 0) == ("text",)
    assert usual_columns({"text": None, "instruction": None}, 0) == ("instruction", "output")
    with pytest.raises(UserError, match=r"record 3 of the data: no column .* name some with --fields"):
        usual_columns({"content": ""}, 2)


@pytest.mark.parametrize(
    ("record", "is_one"),
    [
        ({"messages": []}, True),
        ({"conversations": [], "instruction": "a"}, True),
        ({"prompt": "a", "completion": None, "text": "a"}, True),
        ({"messages": None}, True),
        ({"messages": "a"}, True),
        ({"messages": None, "text": None}, True),
        ({"messages": None, "text": "a"}, False),
        ({"messages": {}, "instruction": "a"}, False),
        ({"prompt": "a"}, False),
        ({"instruction": "a", "output": "b", "system": "c", "history": []}, False),
    ],
)
def test_what_is_mixed_as_a_conversation(record, is_one):
    assert is_conversation(record) is is_one
    assert Fields().has_conversation(record) is is_one
    assert not Fields(("messages",)).has_conversation(record)


def test_texts_as_columns(monkeypatch):
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    records = [{"messages": turns}, {"text": "d"}, {"text": None}, {"messages": None}]
    columns = text_columns(records)
    assert {name: column.to_pylist() for name, column in columns.items()} == {
        "user 1": ["a", None, None, None],
        "output": ["b", None, None, None],
        "user 2": ["c", None, None, None],
        "text": [None, "d", None, None],
    }
    monkeypatch.setattr(mixed_fields, "MOST_TEXTS", 2)
    assert list(text_columns(records)) == ["user 1", "output", "text"]
