"""What becomes of the words of each text of a record, and which texts are never mixed."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.column_names import ColumnNames
from commit_llm.data.explained_records import explain_record
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError

MIXER = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος"), ("cat", "γάτα")]), ratio=1.0)
TALK = {
    "messages": [
        {"role": "system", "content": "Be a dog."},
        {"role": "user", "content": "dog"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "dog"},
        {"role": "assistant", "content": "<think>dog?</think>cat"},
        {"role": "user", "content": "cat dog"},
        {"role": "assistant", "content": "\n dog "},
    ]
}


def shown(record, fields=Fields()):  # noqa: B008
    return [
        (label, name, text, None if words is None else [word.translation for word in words])
        for label, name, text, words in explain_record(record, 0, MIXER, fields)
    ]


def test_every_message_is_shown_with_its_role():
    assert shown(TALK) == [
        ("system 1", None, "Be a dog.", None),
        ("user 1", "user 1", "dog", ["σκύλος"]),
        ("message 3, assistant", None, "", []),
        ("tool 1", None, "dog", None),
        ("reasoning 1", None, "dog?", None),
        ("assistant 1", "assistant 1", "cat", ["γάτα"]),
        ("user 2", "user 2", "cat dog", ["γάτα", "σκύλος"]),
        ("assistant 2 (output)", "output", "dog", ["σκύλος"]),
    ]
    assert [text[3] for text in shown(TALK, Fields(roles=("user",)))][4:] == [None, None, ["γάτα", "σκύλος"], None]
    assert [text[3] for text in shown(TALK, Fields(mixed=("output",)))][4:] == [None, None, None, ["σκύλος"]]


def test_columns_of_other_names():
    names = Fields(columns=ColumnNames({"messages": "turns", "text": "body"}))
    assert shown({"turns": TALK["messages"]}, names) == shown(TALK)
    assert shown({"body": "dog"}, names) == shown({"text": "dog"})


def test_other_records():
    assert shown({"instruction": "dog", "input": None, "output": "a"}) == [
        ("instruction", "instruction", "dog", ["σκύλος"]),
        ("output", "output", "a", [None]),
    ]
    assert shown({"text": None}) == []
    assert shown({"messages": [{"role": "narrator", "content": "a"}]}) == [
        ("no conversation", None, "a message has the role 'narrator'", None)
    ]
    with pytest.raises(
        UserError, match="record 1 of the data: no column 'instruction' or 'text', only 'a', and no conv"
    ):
        shown({"a": "dog"})
