"""Columns under other names: what the flag takes, and records by the names of their fields."""

import json

import pytest

from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames, column_names, columns_of, open_columns
from commit_llm.errors import SettingError, UserError

SWAPPED = ColumnNames({"input": "output", "output": "input"})


def test_a_record_by_its_fields():
    record = {"question": "Who?", "instruction": "x", "id": 1}
    assert ColumnNames({"instruction": "question"}).renamed(record) == {"instruction": "Who?", "id": 1}
    assert SWAPPED.renamed({"input": "a", "output": "b"}) == {"output": "a", "input": "b"}
    assert ColumnNames({"input": "context"}).renamed({"id": 1}) == {"id": 1}
    assert AS_THEY_ARE.renamed(record) is record
    assert not AS_THEY_ARE
    assert (SWAPPED.column("input"), SWAPPED.column("id")) == ("output", "id")


def test_the_fields_of_columns_are_looked_up_once():
    """Not for every record: a record of an example is renamed several times."""
    passes = []

    class Counted(dict):
        def items(self):
            passes.append(self)
            return super().items()

    names = ColumnNames(Counted(instruction="question", input="context"))
    assert [names.renamed({"question": n, "context": "c"})["instruction"] for n in range(9)] == list(range(9))
    assert len(passes) == 1
    assert names == ColumnNames({"instruction": "question", "input": "context"})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["data.jsonl"],
            "--columns data.jsonl: is not a name of a column; write FIELD=COLUMN, such as instruction=question",
        ),
        (["=a"], "--columns =a: is not a name of a column"),
        (["a="], "--columns a=: is not a name of a column"),
        (["a=x", "a=y"], "--columns a=y: 'a' is 'x' already; leave out one of them"),
        (["a=x", "b=x"], "--columns b=x: column 'x' is another field already; leave out one of them"),
    ],
)
def test_what_names_no_columns(words, message):
    with pytest.raises(SettingError) as error:
        column_names(words)
    assert error.value.for_command().startswith(message)


def test_columns_of_a_file_are_those_of_its_first_records(tmp_path):
    """Some of which may lack one, or have null in it."""
    path = tmp_path / "a.jsonl"
    rows = [{"q": "a"}, {"q": "b", "c": None}, {"q": "c", "c": "x"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert open_columns(["instruction=q", "input=c"], path).column_of == {"instruction": "q", "input": "c"}
    assert open_columns([], tmp_path / "none.jsonl") is not None
    assert columns_of(rows) == {"q": "a", "c": "x"}
    assert open_columns(["text=q", "title=c"], path, ["title"]).column_of == {"text": "q", "title": "c"}
    with pytest.raises(SettingError, match="title=c: 'title' is not a field"):
        open_columns(["text=q", "title=c"], path)
    with pytest.raises(UserError, match=r"--columns input=d: .*a\.jsonl: no column 'd'; it has 'q', 'c'; --columns in"):
        open_columns(["instruction=q", "input=d"], path)
