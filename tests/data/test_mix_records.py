"""Mixing records and tables: chosen columns change, everything else stays."""

import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.mix_records import Fields, mix_records, mix_table, usual_columns
from commit_llm.errors import UserError

DICTIONARY = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα")])
HALF, EVERY = CodeMixer(DICTIONARY, ratio=0.5, seed=3), CodeMixer(DICTIONARY, ratio=1.0)
RECORDS = [{"id": n, "text": "dog cat " * (n % 5), "note": "dog"} for n in range(2500)]


def test_rows_and_other_columns_stay():
    mixed, counts = mix_records(RECORDS, HALF, Fields(("text",)))
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
    mixed, counts = mix_records([*records, {"instruction": "cat", "input": None, "output": ""}], EVERY)
    assert [set(row.values()) for row in mixed] == [{"γάτα"}, {"γάτα"}, {"γάτα", None, ""}]
    assert [list(row) for row in mixed] == [["instruction", "output"], *[["instruction", "input", "output"]] * 2]
    assert counts.replaced == 6
    assert mix_records(records, EVERY, Fields(("output", "output")))[1].words == 2
    assert mix_records(records, EVERY, Fields(mixed=("output",)))[1].words == 2
    assert mix_records([{"text": None}, {"text": "cat"}], EVERY, Fields(("text",)))[0][0] == {"text": None}


def test_a_missing_field_names_its_row():
    with pytest.raises(UserError, match="record 2501 of the data: no field 'text'; it has 'id'"):
        mix_records([*RECORDS, {"id": 1}], HALF, Fields(("text",)))
    with pytest.raises(UserError, match="record 8 of the data: field 'text' holds int 5"):
        mix_records([{"text": 5}], HALF, first_row=7)


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
    mixed, counts = mix_table(table, EVERY)
    assert mixed.schema.equals(table.schema, check_metadata=True)
    assert mixed.column("id") == table.column("id")
    first, second, third = mixed.column("instruction").to_pylist()
    assert (first, second) == ("γάτα", None)
    assert third in ("σκύλος", "σκυλί")
    assert counts.replaced == 2


def test_a_table_is_mixed_as_its_records_are():
    table = pa.Table.from_pylist(RECORDS)
    assert mix_table(table, HALF, first_row=5)[0].to_pylist() == mix_records(RECORDS, HALF, first_row=5)[0]
    with pytest.raises(UserError, match="no field 'x'; it has 'id', 'text', 'note'"):
        mix_table(table, HALF, Fields(("x",)))
    with pytest.raises(UserError, match="column 'id': holds int64, not text"):
        mix_table(table, HALF, Fields(("id",)))


def test_usual_columns():
    columns = ("instruction", "input", "output")
    assert usual_columns({"input": "", "output": "", "instruction": "", "id": 1}, 0) == columns
    assert usual_columns({"input": None, "output": "", "instruction": ""}, 0) == ("instruction", "output")
    assert usual_columns({"text": ""}, 0) == ("text",)
    with pytest.raises(UserError, match=r"record 3 of the data: no column .* name some with --fields"):
        usual_columns({"content": ""}, 2)
