"""Mixing data files: the same bytes for any number of workers, and as training does it."""

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.mixing import mix_records
from commit_llm.errors import UserError

MIXER = CodeMixer(
    BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα")]),
    0.5,
    style="original",
    seed=3,
)
RECORDS = [{"id": n, "text": "dog cat " * (n % 5), "note": "dog"} for n in range(2500)]


def test_workers_do_not_matter():
    one, counts = mix_records(RECORDS, ["text"], MIXER)
    three, counts_of_three = mix_records(RECORDS, ["text"], MIXER, workers=3)
    assert one == three
    assert counts == counts_of_three
    assert counts.words == counts.hits == 2 * sum(n % 5 for n in range(2500))
    assert abs(counts.replaced / counts.hits - 0.5) < 0.02


def test_rows_and_other_columns_stay():
    mixed, _ = mix_records(RECORDS, ["text"], MIXER)
    assert [(row["id"], row["note"]) for row in mixed] == [(n, "dog") for n in range(2500)]
    assert mixed[1234]["text"] == MIXER.mix(RECORDS[1234]["text"], row=1234).text


def test_each_record_s_own_columns_are_mixed_where_none_are_named():
    every = CodeMixer(MIXER.dictionary, 1.0, style="original")
    records = [{"instruction": "cat", "output": "cat"}, {"instruction": "cat", "input": "cat", "output": "cat"}]
    mixed, counts = mix_records([*records, {"instruction": "cat", "input": None, "output": ""}], None, every)
    assert [set(row.values()) for row in mixed] == [{"γάτα"}, {"γάτα"}, {"γάτα", None, ""}]
    assert counts.replaced == 6
    assert mix_records(records, ["output", "output"], every)[1].words == 2


def test_a_missing_field_names_its_row():
    with pytest.raises(UserError, match="record 2501 of the data: no field 'text'; it has 'id'"):
        mix_records([*RECORDS, {"id": 1}], ["text"], MIXER)
