"""Mixing records: chosen texts change, everything else stays."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.column_names import ColumnNames
from commit_llm.data.mix_records import mix_records
from commit_llm.data.mixed_fields import Fields
from commit_llm.errors import UserError

DICTIONARY = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα")])
HALF, EVERY = CodeMixer(DICTIONARY, ratio=0.5, seed=3), CodeMixer(DICTIONARY, ratio=1.0)
RECORDS = [{"id": n, "text": "dog cat " * (n % 5), "note": "dog"} for n in range(2500)]


def test_rows_and_other_columns_stay():
    mixed, tally = mix_records(RECORDS, HALF, Fields(("text",)))
    counts = tally.words
    assert [(row["id"], row["note"]) for row in mixed] == [(n, "dog") for n in range(2500)]
    assert mixed[1234]["text"] == HALF.mix(RECORDS[1234]["text"], row=1234).text
    assert counts.words == counts.hits == 2 * sum(n % 5 for n in range(2500))
    assert abs(counts.replaced / counts.hits - 0.5) < 0.02


def test_a_row_is_mixed_by_its_place_in_the_whole_data():
    whole, _ = mix_records(RECORDS, HALF)
    assert (
        mix_records(RECORDS[700:900], HALF, first_row=700)[0]
        == whole[700:900]
        != mix_records(RECORDS[700:900], HALF)[0]
    )


def test_each_record_s_own_columns_are_mixed_where_none_are_named():
    records = [{"instruction": "cat", "output": "cat"}, {"instruction": "cat", "input": "cat", "output": "cat"}]
    mixed, tally = mix_records([*records, {"instruction": "cat", "input": None, "output": ""}], EVERY)
    assert [set(row.values()) for row in mixed] == [{"γάτα"}, {"γάτα"}, {"γάτα", None, ""}]
    assert [list(row) for row in mixed] == [["instruction", "output"], *[["instruction", "input", "output"]] * 2]
    assert tally.words.replaced == 6
    assert mix_records(records, EVERY, Fields(("output", "output")))[1].words.words == 2
    assert mix_records(records, EVERY, Fields(mixed=("output",)))[1].words.words == 2
    assert mix_records([{"text": None}, {"text": "cat"}], EVERY, Fields(("text",)))[0][0] == {"text": None}


def test_a_missing_field_names_its_row():
    with pytest.raises(UserError, match="record 2501 of the data: no field 'text'; it has 'id'"):
        mix_records([*RECORDS, {"id": 1}], HALF, Fields(("text",)))
    with pytest.raises(UserError, match="record 8 of the data: field 'text' holds int 5"):
        mix_records([{"text": 5}], HALF, first_row=7)


TALK = {
    "id": 1,
    "messages": [{"role": "user", "content": "dog"}, {"role": "assistant", "content": "cat"}],
    "note": "dog",
}
FAULTY = {"messages": [{"role": "narrator", "content": "dog"}]}


def test_conversations_and_columns_in_one_file():
    records = [TALK, {"text": "cat"}, FAULTY, {"text": None}, {"messages": None}, {"messages": None, "text": "dog"}]
    mixed, tally = mix_records(records, EVERY, first_row=10)
    assert mixed[1:5] == [{"text": "γάτα"}, FAULTY, {"text": None}, {"messages": None}]
    assert mixed[0]["messages"][1]["content"] == "γάτα"
    assert (mixed[0]["note"], list(mixed[0])) == ("dog", ["id", "messages", "note"])
    assert mixed[5]["text"] in ("σκύλος", "σκυλί")
    assert tally[1:] == (3, 2, "record 13: a message has the role 'narrator'")
    assert (tally.words.words, tally.words.replaced) == (4, 4)


def test_fields_and_roles_say_what_of_a_conversation_is_mixed():
    def contents(fields):
        return [message["content"] for message in mix_records([TALK], EVERY, fields)[0][0]["messages"]]

    assert contents(Fields(mixed=("output",))) == ["dog", "γάτα"]
    assert contents(Fields(roles=("assistant",))) == ["dog", "γάτα"]
    assert contents(Fields(roles=("user",))) == [contents(Fields())[0], "cat"]
    assert contents(Fields(mixed=("user 7",))) == ["dog", "cat"]
    assert mix_records([TALK], EVERY, Fields(("note",)))[0][0] == TALK | {"note": contents(Fields())[0]}


NAMES = ColumnNames({"instruction": "question", "input": "context", "output": "answer", "messages": "turns"})


def by_other_names(record):
    """The same record with columns of other names, and another column that is named like a field."""
    return {NAMES.column(name): value for name, value in record.items()} | {"instruction": "dog"}


def test_columns_of_other_names_are_mixed_and_keep_them():
    """As the fields that they are: an answer is left as it is found in its context."""
    answered = {"id": 1, "instruction": "the dog", "input": "dog and cat", "output": "cat"}
    records = [
        answered,
        {"instruction": "cat", "output": "dog"},
        TALK,
        FAULTY,
        {"instruction": "cat", "input": None, "output": ""},
    ]
    for mixer in (HALF, EVERY, CodeMixer(DICTIONARY, ratio=1.0, surface="annotate")):
        own, tally = mix_records(records, mixer)
        mixed, same = mix_records([*map(by_other_names, records)], mixer, Fields(columns=NAMES))
        assert mixed == [*map(by_other_names, own)]
        assert same == tally
    some = Fields(("input",), columns=NAMES)
    (mixed,), _ = mix_records([by_other_names(answered)], EVERY, some)
    assert (mixed["question"], "γάτα" in mixed["context"], mixed["answer"]) == ("the dog", True, "cat")


def test_of_the_first_record_the_columns_that_are_probably_meant_are_told():
    told = "--columns instruction=question output=answer would probably do"
    with pytest.raises(UserError, match=f"no column 'instruction' or 'text'.*; {told}"):
        mix_records([{"question": "dog", "answer": "cat"}], EVERY)
    with pytest.raises(UserError, match=f"no field 'output'; it has 'instruction', 'answer'; {told}"):
        mix_records(
            [{"question": "dog", "answer": "cat"}], EVERY, Fields(columns=ColumnNames({"instruction": "question"}))
        )
    with pytest.raises(UserError) as error:
        mix_records([{"question": "dog", "answer": "cat"}], EVERY, first_row=1)
    assert "--columns" not in str(error.value)
