"""What records ask, and what is refused with the place and the way out."""

import io
import json

import pytest

from commit_llm.data.column_names import column_names
from commit_llm.data.requests import Request, RequestError, read_requests, request_of
from commit_llm.errors import UserError
from tests.data.chat.templates import conversation

SAID = conversation(("s", "Be kind."), ("u", "Where?"))
SHAREGPT = [
    {"from": "human", "value": "Where?"},
    {"from": "gpt", "value": "Here."},
    {"from": "human", "value": "When?"},
]


@pytest.mark.parametrize(
    ("record", "request_"),
    [
        ({"id": 1, "prompt": "Where?"}, Request("Where?")),
        ({"text": "Where?"}, Request("Where?")),
        ({"prompt": "Where?", "text": "There."}, Request("Where?")),
        ({"instruction": "Add.", "input": "1 2"}, Request("Add.", "1 2")),
        ({"instruction": "Add.", "input": None, "output": "3"}, Request("Add.")),
        ({"instruction": "", "input": "1 2"}, Request("", "1 2")),
        ({"messages": SAID}, Request(messages=SAID)),
        ({"prompt": SAID, "tools": [{"name": "f"}]}, Request(messages=SAID, tools=[{"name": "f"}])),
        ({"messages": None, "prompt": "Where?"}, Request("Where?")),
        (
            {"conversations": SHAREGPT},
            Request(messages=conversation(("u", "Where?"), ("a", "Here."), ("u", "When?"))),
        ),
        (
            {"instruction": "Add.", "input": "1", "system": "Be kind.", "history": [["Hi", "Ho"]], "output": "1"},
            Request(messages=conversation(("s", "Be kind."), ("u", "Hi"), ("a", "Ho"), ("u", "Add.\n\n1"))),
        ),
    ],
)
def test_what_a_record_asks(record, request_):
    assert request_of(record) == request_


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"question": "Where?"},
            r"it asks nothing: it has 'question', and takes prompt, instruction \(and input\), or",
        ),
        ({}, "it asks nothing: it has no field"),
        ({"prompt": 5}, "its prompt is not a text, but 5"),
        ({"instruction": "Add.", "input": ["1"]}, r'its input is not a text, but \["1"\]'),
        ({"prompt": "  \n"}, "it is empty; take it out, or write a prompt there"),
        ({"messages": []}, "it has no messages"),
        ({"messages": [{"role": "boss", "content": "Go."}]}, "a message has the role 'boss'"),
        (
            {"messages": [*SAID, {"role": "assistant", "content": "Here."}]},
            "it ends with an answer of the model's; leave",
        ),
        ({"prompt": "Where?", "tools": "all"}, "its tools are 'all'"),
    ],
)
def test_what_asks_nothing(record, message):
    with pytest.raises(RequestError, match=f"^{message}"):
        request_of(record)


def test_an_instruction_as_messages_and_back():
    assert Request("Add.", "1 2").as_messages() == conversation(("u", "Add.\n\n1 2"))
    assert Request(messages=conversation(("u", "Where?"))).as_instruction() == ("Where?", "")
    with pytest.raises(RequestError, match=r"it is a conversation \(system, user\), and this prompt takes one"):
        Request(messages=SAID).as_instruction()


def test_a_file_of_each_kind(tmp_path):
    rows = [{"id": 1, "prompt": "Where?"}, {"instruction": "Add.", "input": "1"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    (tmp_path / "a.txt").write_text("Where?\n{ When?\n", encoding="utf-8")
    assert read_requests(tmp_path / "a.jsonl") == [(rows[0], Request("Where?")), (rows[1], Request("Add.", "1"))]
    plain = [({"text": text}, Request(text)) for text in ("Where?", "{ When?")]
    assert read_requests(tmp_path / "a.txt") == plain
    (tmp_path / "b.jsonl").write_text('{"prompt": "a"}\n{"question": "b"}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.jsonl: record 2: it asks nothing"):
        read_requests(tmp_path / "b.jsonl")
    (tmp_path / "b.txt").write_text("a\n\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"b\.txt: record 2: it is empty"):
        read_requests(tmp_path / "b.txt")


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ("Where?\r\nΠού;", ["Where?", "Πού;"]),
        ('\ufeff\n {"prompt": "Where?"}\n\n{"prompt": "When?"}\n', ["Where?", "When?"]),
        ("When is {it}?\n", ["When is {it}?"]),
        ("\nWhere?\n\n \r\nWhen?\n\n", ["Where?", "When?"]),
        ('[\n{"prompt": "Where?"}\n]', ["Where?"]),
        ('\ufeff [{"prompt": "Where?"},\n {"prompt": "When\u2028?"}]\n', ["Where?", "When\u2028?"]),
        ("[INST] Where? [/INST]\n[1] When?\n[[Athens]]", ["[INST] Where? [/INST]", "[1] When?", "[[Athens]]"]),
    ],
)
def test_standard_input(content, asked):
    pairs = read_requests(io.BytesIO(content.encode("utf-8")))
    assert [request.instruction for _, request in pairs] == asked


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input: holds no prompt; give JSON lines"),
        (b'{"prompt": "a"}\n{"prompt"\n', "standard input:2: malformed JSON"),
        (b'{"prompt": "a"}\n[1]\n', r"standard input:2: holds \[1\], not an object"),
        (b"a\n\xff\n", "standard input:2: not UTF-8"),
        (b"\n \n", "standard input: holds no prompt"),
        (b"[]", "standard input: holds no prompt"),
        (b'["Where?", "When?"]', r"standard input: item 0: holds 'Where\?', not an object"),
        (b'[[{"role": "user"}]]', "standard input: item 0: holds .*, not an object"),
        (b'[{"prompt": "a"},\n{"question": "b"}]', "standard input: record 2: it asks nothing"),
        (b'[{"prompt": "a"},\n{"prompt"}]', "standard input:2: malformed JSON"),
        (b'[{"prompt": "a"},\n{"prompt": "\xff"}]', "standard input:2: not UTF-8"),
    ],
)
def test_standard_input_that_is_refused(content, message):
    with pytest.raises(UserError, match=f"^{message}"):
        read_requests(io.BytesIO(content))


def test_columns_of_other_names(tmp_path):
    """The rows keep them; a refusal says which would probably do."""
    file = tmp_path / "a.csv"
    file.write_text("question,context,answer\nWhere?,Here.,there\n", encoding="utf-8")
    row = {"question": "Where?", "context": "Here.", "answer": "there"}
    asked = read_requests(file, column_names(["instruction=question", "input=context"]))
    assert asked == [(row, Request("Where?", "Here."))]
    assert read_requests(file, column_names(["prompt=question"])) == [(row, Request("Where?"))]
    with pytest.raises(
        UserError, match=r"record 1: it asks nothing: .*; --columns instruction=question input=context would"
    ):
        read_requests(file)
    with pytest.raises(
        UserError, match=r"--columns prompt=quest: .*: no column 'quest'; it has 'question', .*=question would"
    ):
        read_requests(file, column_names(["prompt=quest"]))
    with pytest.raises(UserError, match="columns inptu=context: 'inptu' is not a field; write input=context"):
        read_requests(file, column_names(["instruction=question", "inptu=context"]))
