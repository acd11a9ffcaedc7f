"""Which columns are probably meant, for data as people have it."""

import pytest

from commit_llm.data.column_advice import (
    INSTRUCTION,
    MESSAGES,
    advice,
    advice_for_mixing,
    require_columns,
    require_fields,
)
from commit_llm.data.column_names import ColumnNames
from commit_llm.errors import SettingError, UserError

TURNS = [{"role": "user", "content": "a"}]


@pytest.mark.parametrize(
    ("columns", "wanted", "words"),
    [
        ({"question": "a", "answer": "b"}, INSTRUCTION, "instruction=question output=answer"),
        ({"Prompt": "a", "RESPONSE": "b"}, INSTRUCTION, "instruction=Prompt output=RESPONSE"),
        ({"": "0", "question": "a", "answer": "b"}, INSTRUCTION, "instruction=question output=answer"),
        ({"instruction": "a", "context": "", "response": "b", "id": "c"}, INSTRUCTION, "input=context output=response"),
        ({"query": "a", "answer": "b", "question": "c"}, INSTRUCTION, "instruction=question output=answer"),
        ({"my question": "a", "question": "c", "target": "b"}, INSTRUCTION, "instruction=question output=target"),
        ({"title": "a", "content": "b"}, ("text",), "text=content"),
        ({"title": "a", "Body": "b"}, ("title", "text"), "text=Body"),
        ({"turns": TURNS}, (MESSAGES, *INSTRUCTION), "messages=turns"),
        ({"turns": [{"from": "human", "value": "a"}]}, (MESSAGES,), "messages=turns"),
        ({"question": "a", "answer": "b"}, (MESSAGES, *INSTRUCTION), "instruction=question output=answer"),
        ({"the text": "a"}, ("text",), None),
        ({"content": "a"}, ("content", "text"), None),
        ({"id": 1, "context": "a", "question": "b", "answers": {"text": ["c"]}}, INSTRUCTION, None),
        ({"question": "a", "answer": ["b"]}, INSTRUCTION, None),
    ],
)  # fmt: skip
def test_what_is_probably_meant(columns, wanted, words):
    said = advice(columns, wanted)
    if words is None:
        assert said.startswith("name them with --columns ")
        assert "=COLUMN" in said
    else:
        assert said == f"--columns {words} would probably do"


def test_a_name_with_a_space_is_quoted():
    assert advice({"Question": "a", "output": "b"}, INSTRUCTION) == "--columns instruction=Question would probably do"
    names = ColumnNames({"output": "my anwser"})
    said = advice({"question": "a", "my answer": "b"}, INSTRUCTION, names)
    assert said == "--columns 'output=my answer' instruction=question would probably do"


def test_nothing_is_said_where_nothing_is_missing():
    assert advice({"instruction": "a", "output": 5}, INSTRUCTION) == ""
    assert advice_for_mixing({"messages": TURNS}) == ""
    assert advice_for_mixing({"a": "x"}) == ""


def test_data_of_any_form():
    assert advice_for_mixing({"content": "a", "id": "b"}) == "--columns text=content would probably do"
    assert "messages=turns" in advice_for_mixing({"turns": TURNS, "text": "a"})
    assert "instruction=question output=answer" in advice_for_mixing({"question": "a", "answer": "b", "text": "c"})


@pytest.mark.parametrize(
    ("given", "way_out"),
    [
        (
            {"instruction": "qestion", "output": "answer"},
            "--columns instruction=question output=answer would probably do",
        ),
        ({"instruction": "x", "output": "y"}, "--columns instruction=question output=answer would probably do"),
        ({"output": "y", "title": "z"}, "name them with --columns output=answer title=COLUMN"),
        ({"id": "number"}, "leave it out"),
    ],
)
def test_a_column_that_is_not_there(given, way_out):
    columns = {"question": "a", "answer": "b", "id": "c"}
    with pytest.raises(UserError) as error:
        require_columns(ColumnNames(given), columns, "a.csv")
    first = next(f"{field}={column}" for field, column in given.items() if column not in columns)
    column = first.partition("=")[2]
    there = "'question', 'answer', 'id'"
    assert str(error.value) == f"--columns {first}: a.csv: no column '{column}'; it has {there}; {way_out}"
    require_columns(ColumnNames({"instruction": "question"}), columns, "a.csv")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"instruction": "question", "inptu": "context"}, "inptu=context: 'inptu' is not a field; write input=context"),
        ({"instruction": "q", "answer": "answer"}, "answer=answer: 'answer' is not a field; write output=answer"),
        ({"Output": "my answer"}, "Output=my answer: 'Output' is not a field; write 'output=my answer'"),
        ({"context": "c"}, "context=c: 'context' is not a field; write input=c"),
        ({"input": "a", "inputs": "b"}, "inputs=b: 'inputs' is not a field; write instruction=b"),
        ({"mesages": "turns"}, "mesages=turns: 'mesages' is not a field; write messages=turns"),
        ({"id": "n"}, "id=n: 'id' is not a field; there are instruction, input, output, system, history, title, body, "
         "messages, conversations, prompt, completion, tools"),
        ({"text": "body"}, "text=body: 'text' is not a field; there are "),
    ],
)  # fmt: skip
def test_a_name_that_is_no_field(given, message):
    """Nothing would read its column."""
    with pytest.raises(SettingError) as error:
        require_fields(ColumnNames(given), ("title", "body"))
    assert error.value.for_command().startswith(f"--columns {message}")


def test_every_name_that_is_a_field():
    names = ["instruction", "input", "output", "system", "history", "title", "messages", "conversations", "prompt"]
    require_fields(ColumnNames({name: f"my {name}" for name in (*names, "completion", "tools")}), ("title",))
