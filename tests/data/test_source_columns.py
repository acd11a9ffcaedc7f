"""The columns of several sources: each has all of a kind or none of it, and none is nowhere."""

import pytest

from commit_llm.data.column_names import ColumnNames
from commit_llm.data.source_columns import SourceColumns
from commit_llm.errors import UserError

NAMES = ColumnNames({"instruction": "question", "input": "context", "output": "answer", "text": "content"})
ALPACA = ["instruction", "input", "output"]
QUESTIONS = ["id", "question", "context", "answer"]


def names_for(columns, names=NAMES, fields="text"):
    sources = SourceColumns(names, fields, several=True)
    return list(sources.of("a.csv", dict.fromkeys(columns, "x")).column_of)


def test_a_source_has_all_columns_of_a_kind_or_none():
    assert names_for(QUESTIONS) == ALPACA
    assert names_for(["content"]) == ["text"]
    assert names_for([*QUESTIONS, "content"]) == [*ALPACA, "text"]
    assert names_for(ALPACA) == names_for(["text"]) == []
    assert names_for(["turns"], ColumnNames({"messages": "turns", "instruction": "question"})) == ["messages"]
    assert names_for(["title", "body"], ColumnNames({"a": "title", "b": "body"}), "[a],b") == ["a", "b"]


def test_a_source_that_has_the_fields_themselves_is_left_as_it_is():
    assert names_for([*ALPACA, "context"]) == []
    assert names_for(["instruction", "output", "question"]) == []


@pytest.mark.parametrize("columns", [["question", "answer"], ["question", "answer", "content"], ["context"]])
def test_a_source_that_lacks_one_is_refused(columns):
    with pytest.raises(UserError, match=r"^--columns \w+=\w+: a\.csv: no column"):
        names_for(columns)


def test_of_one_source_all_are_required():
    with pytest.raises(UserError, match=r"--columns text=content: a\.csv: no column 'content'"):
        SourceColumns(NAMES, "text", several=False).of("a.csv", dict.fromkeys(QUESTIONS, "x"))


def test_a_column_that_no_source_has():
    sources = SourceColumns(NAMES, "text", several=True)
    sources.of("a.csv", dict.fromkeys(QUESTIONS, "x"))
    with pytest.raises(UserError, match="--columns text=content: no source of the data has a column 'content'"):
        sources.require_all()
    sources.of("b.csv", {"content": "x"})
    sources.require_all()
