"""Mixing tables: chosen columns change, everything else stays, types too."""

import pyarrow as pa
import pytest

from commit_llm.data.mix_records import mix_records
from commit_llm.data.mix_tables import mix_table
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError
from tests.data.test_mix_records import EVERY, HALF, NAMES, RECORDS

KINDS = [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_table_keeps_its_schema(kind):
    table = pa.table(
        {
            "id": pa.array([1, None, 3], pa.int8()),
            "instruction": pa.array(["cat", None, "dog"]).cast(kind),
            "output": pa.nulls(3),
        },
        pa.schema(
            [pa.field("id", pa.int8(), metadata={"unit": "m"}), ("instruction", kind), ("output", pa.null())],
            metadata={"made": "by hand"},
        ),
    )
    mixed, tally = mix_table(table, EVERY)
    assert mixed.schema.equals(table.schema, check_metadata=True)
    assert mixed.column("id") == table.column("id")
    first, second, third = mixed.column("instruction").to_pylist()
    assert (first, second) == ("γάτα", None)
    assert third in ("σκύλος", "σκυλί")
    assert tally.words.replaced == 2


def test_a_table_is_mixed_as_its_records_are():
    table = pa.Table.from_pylist(RECORDS)
    assert mix_table(table, HALF, first_row=5)[0].to_pylist() == mix_records(RECORDS, HALF, first_row=5)[0]
    with pytest.raises(UserError, match="no field 'x'; it has 'id', 'text', 'note'"):
        mix_table(table, HALF, Fields(("x",)))
    with pytest.raises(UserError, match="column 'id': holds int64, not text"):
        mix_table(table, HALF, Fields(("id",)))


KEYS = ["role", "content"]
PART = pa.struct([("type", pa.string()), ("text", pa.large_string()), ("image", pa.binary())])
MESSAGE = pa.struct([
    pa.field("role", pa.dictionary(pa.int8(), pa.string())),
    pa.field("content", pa.string_view(), metadata={"unit": "text"}),
    pa.field("at", pa.timestamp("us", "UTC")),
])  # fmt: skip
TALKS = pa.table(
    {
        "messages": pa.array(
            [
                [{"role": "user", "content": "dog"}, {"role": "assistant", "content": "cat", "at": 3}],
                None,
                [],
                [{"role": "system", "content": "dog"}, {"role": "user", "content": None}],
                [{"role": "assistant", "content": " cat\n"}, None],
                [{"role": "user", "content": "cat"}],
            ],
            pa.large_list(MESSAGE),
        ),
        "prompt": pa.array([None, [{"role": "user", "content": [{"type": "text", "text": "a cat"}]}], *[None] * 4],
            pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(PART))]))),
        "completion": pa.array([None, "cat", "cat", *[None] * 3], pa.string()),
        "text": pa.array([*["dog"] * 6]),
    }
)  # fmt: skip


@pytest.mark.parametrize("first", [0, 1, 2])
def test_conversations_of_a_table(first):
    """A slice of a table is mixed by its own rows; types stay, and what is null."""
    table = TALKS.slice(first)
    mixed, tally = mix_table(table, EVERY, first_row=first)
    assert mixed.schema.equals(table.schema, check_metadata=True)
    mixed.validate(full=True)
    assert mixed.to_pylist() == mix_records(table.to_pylist(), EVERY, first_row=first)[0]
    assert mixed.to_pylist()[-1]["messages"][0]["content"] == "γάτα"
    assert mixed.to_pylist()[-2] == table.to_pylist()[-2]
    assert tally.faulty == (2 if first < 3 else 1)


def test_rows_of_a_table_that_have_their_texts_in_other_columns():
    rows = [{"instruction": "cat", "output": "cat", "text": None}, {"instruction": None, "output": None, "text": "cat"}]
    table = pa.Table.from_pylist(rows)
    assert mix_table(table, EVERY)[0].to_pylist() == mix_records(rows, EVERY)[0] != rows
    assert [set(row.values()) for row in mix_table(table, EVERY)[0].to_pylist()] == [{"γάτα", None}] * 2


def test_what_is_no_text_in_a_conversation_is_told():
    buffers = [None, pa.py_buffer(bytes([0, 0, 0, 0, 4, 0, 0, 0])), pa.py_buffer(b"caf\xe9")]
    message = pa.StructArray.from_arrays([pa.array(["user"]), pa.Array.from_buffers(pa.string(), 1, buffers)], KEYS)
    messages = pa.ListArray.from_arrays([0, 1], message)
    with pytest.raises(UserError, match=r"the data: row 8, column 'messages': not UTF-8 at byte 3; correct"):
        mix_table(pa.table({"messages": messages}), EVERY, first_row=7)
    with pytest.raises(UserError, match="column 'text': occurs 2 times in the file"):
        mix_table(pa.Table.from_arrays([pa.array(["dog"])] * 2, ["text", "text"]), EVERY)


@pytest.mark.parametrize("more", [{}, {"turns": None}])
def test_columns_of_other_names_are_mixed_and_keep_them(more):
    """A column of messages has each row looked at by itself."""
    records = [
        {"id": n, "question": "dog cat", "context": None if n % 3 else "cat", "answer": "dog", **more}
        for n in range(50)
    ]
    records = [{**record, "instruction": "dog"} for record in records]
    fields = Fields(columns=NAMES)
    table = pa.Table.from_pylist(records)
    mixed, tally = mix_table(table, HALF, fields, 5)
    assert mixed.schema == table.schema
    expected = mix_records(records, HALF, fields, 5)
    assert (mixed.to_pylist(), tally.words) == (expected[0], expected[1].words)
    assert tally.words.replaced > 20
    assert mixed.column("instruction") == table.column("instruction")


def test_of_the_first_table_the_columns_that_are_probably_meant_are_told():
    rows = pa.Table.from_pylist([{"instruction": "dog", "context": "cat", "response": "a"}])
    told = "--columns input=context output=response would probably do"
    with pytest.raises(UserError, match=f"no field 'output'; it has 'instruction', 'context', 'response'; {told}"):
        mix_table(rows, EVERY)
    nested = pa.Table.from_pylist([{"question": "dog", "answers": {"text": ["a"]}}])
    with pytest.raises(UserError, match=r"no column 'instruction' or 'text'.*name some with --fields$"):
        mix_table(nested, EVERY)
