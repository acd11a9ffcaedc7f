"""Contents that may be mixed: their names and places, as training reads them, and other texts in their place."""

import copy

import pytest

from commit_llm.data.chat.conversation import read_conversation
from commit_llm.data.chat.mixable_contents import mixable_contents, name_contents, with_texts
from tests.data.chat.templates import CONVERSATIONS

TOOLS = [{"type": "function", "function": {"name": "dog"}}]
RECORD = {
    "id": 7,
    "tools": TOOLS,
    "messages": [
        {"role": "system", "content": "Be a dog."},
        {"role": "user", "content": [{"type": "text", "text": "Where "}, {"type": "text", "text": "is it?"}]},
        {"role": "assistant", "content": None, "tool_calls": TOOLS},
        {"role": "tool", "content": "dog"},
        {"content": "\n<think>A dog?</think>\n\n Here. \n", "role": "assistant", "reasoning": "dog"},
        {"role": "user", "content": " dog\n"},
        {"role": "assistant", "content": [{"type": "text", "text": "<think>\n"}, {"type": "text", "text": "</think> Now"},
                                          {"type": "text", "text": " "}]},
    ],
}  # fmt: skip


def test_where_contents_stand():
    assert [(content.name, content.text, [tuple(place) for place in content.places]) for content in
            mixable_contents(RECORD, 0)] == [
        ("user 1", "Where is it?", [
            (("messages", 1, "content", 0, "text"), "", "Where ", ""),
            (("messages", 1, "content", 1, "text"), "", "is it?", ""),
        ]),
        ("assistant 1", "Here.", [(("messages", 4, "content"), "\n<think>A dog?</think>\n\n ", "Here.", " \n")]),
        ("user 2", " dog\n", [(("messages", 5, "content"), "", " dog\n", "")]),
        ("output", "Now", [(("messages", 6, "content", 1, "text"), "</think> ", "Now", "")]),
    ]  # fmt: skip
    assert [content.name for content in mixable_contents(RECORD, 0, ("assistant",))] == ["assistant 1", "output"]


@pytest.mark.parametrize(
    ("record", "paths"),
    [
        ({"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
         [("conversations", 0, "value"), ("conversations", 1, "value")]),
        ({"messages": [{"role": "user", "from": None, "content": None, "value": "a"}]}, [("messages", 0, "value")]),
        ({"prompt": "a", "completion": "b"}, [("prompt",), ("completion",)]),
        ({"prompt": None, "completion": "b"}, [("completion",)]),
        ({"prompt": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "completion": "c"},
         [("prompt", 0, "content"), ("prompt", 1, "content"), ("completion",)]),
    ],
)  # fmt: skip
def test_columns_of_every_kind(record, paths):
    assert [content.places[0].path for content in mixable_contents(record, 0)] == paths


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_texts_are_those_that_are_read(name):
    record = {"messages": CONVERSATIONS[name]}
    messages = read_conversation(record, 0)
    texts = {name: messages[number]["content"] for number, name in name_contents(messages).items()}
    assert {content.name: content.text for content in mixable_contents(record, 0)} == texts


def test_other_texts_at_their_places():
    before = copy.deepcopy(RECORD)
    new = with_texts(RECORD, {("messages", 1, "content", 0, "text"): "Wo ", ("messages", 5, "content"): "Hund"})
    assert before == RECORD
    assert new["messages"][1]["content"] == [{"type": "text", "text": "Wo "}, {"type": "text", "text": "is it?"}]
    assert new["messages"][5] == {"role": "user", "content": "Hund"}
    assert [new["messages"][number] for number in (0, 2, 3, 4, 6)] == [before["messages"][n] for n in (0, 2, 3, 4, 6)]
    assert list(new["messages"][4]) == ["content", "role", "reasoning"]
    assert with_texts(RECORD, {}) == RECORD
