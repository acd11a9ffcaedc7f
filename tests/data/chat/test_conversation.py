"""Records of every kind as the same messages, and what is not a conversation."""

import pytest

from commit_llm.data.chat.conversation import ConversationError, read_conversation
from commit_llm.errors import UserError

MESSAGES = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Here."}]
SYSTEM = {"role": "system", "content": "Be kind."}


@pytest.mark.parametrize(
    "record",
    [
        {"messages": MESSAGES},
        {"messages": MESSAGES, "prompt": "x", "completion": "y", "instruction": "a", "output": "b"},
        {"conversations": [{"from": "human", "value": "Where?"}, {"from": "gpt", "value": "Here."}]},
        {"conversations": MESSAGES},
        {"prompt": "Where?", "completion": "Here."},
        {"prompt": MESSAGES[:1], "completion": MESSAGES[1:]},
        {"instruction": "Where?", "output": "Here."},
        {"instruction": "Where?", "input": "", "output": "Here.", "history": [], "system": None},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Whe"}, {"type": "text", "text": "re?"}]},
                MESSAGES[1],
            ]
        },
        {"messages": [MESSAGES[0] | {"name": None}, {"role": "model", "content": "\n Here. "}]},
        {
            "messages": [
                MESSAGES[0] | {"from": None, "value": None},
                {"role": None, "content": None, "from": "gpt", "value": "Here."},
            ]
        },
        {"messages": None, "conversations": None, "prompt": "Where?", "completion": "Here."},
    ],
)
def test_all_kinds_become_messages(record):
    assert read_conversation(record, 0) == MESSAGES


def test_an_instruction_with_all_its_columns():
    record = {
        "instruction": "When?", "input": "A day.", "output": "Now.", "system": "Be kind.",
        "history": [["Where?", "Here."]],
    }  # fmt: skip
    last = [{"role": "user", "content": "When?\n\nA day."}, {"role": "assistant", "content": "Now."}]
    assert read_conversation(record, 0) == [SYSTEM, *MESSAGES, *last]


def test_white_space_around_answers_is_kept_where_it_is_to_be():
    record = {"messages": [{"role": "user", "content": " a "}, {"role": "assistant", "content": " b\n"}]}
    assert [message["content"] for message in read_conversation(record, 0)] == [" a ", "b"]
    assert [message["content"] for message in read_conversation(record, 0, strip_answers=False)] == [" a ", " b\n"]


def test_a_thought_stands_apart():
    record = {"messages": [MESSAGES[0], {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nHere."}]}
    answer = {"role": "assistant", "content": "Here.", "reasoning_content": "Hm."}
    assert read_conversation(record, 0) == [MESSAGES[0], answer]
    record["messages"][1]["reasoning_content"] = "So."
    with pytest.raises(ConversationError, match="an answer has two thoughts before it, one of them in reasoning_cont"):
        read_conversation(record, 0)


def test_what_else_a_message_has_stays():
    call = {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}]}
    record = {"messages": [MESSAGES[0], call, {"role": "function", "content": "1"}]}
    assert read_conversation(record, 0)[1:] == [call | {"content": ""}, {"role": "tool", "content": "1"}]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"instruction": "a", "output": "b", "history": 5}, "its history is 5"),
        ({"instruction": "a", "output": "b", "history": [3]}, "a turn of its history is not a pair"),
        ({"messages": []}, "it has no messages"),
        ({"messages": ["a"]}, "a message is not an object"),
        ({"messages": [{"content": "a"}]}, "a message has the role null"),
        ({"messages": [{"role": "narrator", "content": "a"}]}, "a message has the role 'narrator'"),
        ({"messages": [{"role": ["user"], "content": "a"}]}, "a message has the role"),
        ({"messages": [{"role": "user", "content": 7}]}, "a content is not a text"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "a content is not a text"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": 1}]}]}, "a content is not a text"),
        ({"messages": [{"role": "user", "content": {"type": "text"}}]}, "a content is not a text"),
        ({"messages": None}, "its messages are null"),
        ({"conversations": "[]"}, r"its conversations are '\[\]'"),
        ({"prompt": None, "completion": None}, "its prompt and completion are null"),
        ({"prompt": {"a": 1}, "completion": "b"}, "its prompt or completion is"),
        ({"instruction": "a", "output": "b", "history": [["a"]]}, "a turn of its history is not a pair"),
        ({"instruction": "a", "output": "b", "history": ["ab"]}, "a turn of its history is not a pair"),
    ],
)
def test_a_fault_of_one_record(record, reason):
    with pytest.raises(ConversationError, match=reason):
        read_conversation(record, 0)


def test_columns_that_hold_no_conversation():
    with pytest.raises(
        UserError, match=r"record 5 of the data: no conversation in its columns \('text'\); it takes mess"
    ):
        read_conversation({"text": "a"}, 4)
