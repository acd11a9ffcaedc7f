"""Columns and rows as the mixer takes them."""

import numpy as np
import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.errors import UserError
from tests.codemix.toy import DICTIONARY

HALF = CodeMixer(DICTIONARY, ratio=0.5)
THAI = CodeMixer(
    BilingualDictionary.from_pairs([("แมว", "cat"), ("ปลา", "fish")]),
    ratio=0.5, languages="th-en", segmentation="longest",
)  # fmt: skip
TEXTS = {
    HALF: {"instruction": ["dog house", None, "house. Dog"] * 20, "output": ["a dog", "dog", "no"] * 20},
    THAI: {"instruction": ["แมวปลา", None, "ปลา"] * 20, "output": ["ปลา", "แมว", "1"] * 20},
}


def mixed(mixer, texts, **rows):
    columns, counts = mixer.mix_columns({name: pa.array(column) for name, column in texts.items()}, **rows)
    return {name: column.to_pylist() for name, column in columns.items()}, counts.tolist()


def taken(values, places):
    return [values[place] for place in places]


@pytest.mark.parametrize("mixer", [HALF, THAI], ids=["compiled", "row by row"])
def test_shuffled_and_repeated_examples_are_mixed_as_in_their_place(mixer):
    """In blocks of any size, whatever holds their rows."""
    texts = TEXTS[mixer]
    expected, counts = mixed(mixer, texts, first_row=1000, epoch=2)
    assert len(set(expected["output"])) > 3
    places = [*np.random.default_rng(0).permutation(60), 7, 7]
    some = {name: taken(column, places) for name, column in texts.items()}
    numbers = np.array(places) + 1000
    for rows in (
        numbers, numbers.astype(np.uint16), pa.array(numbers), pa.chunked_array([numbers[:9], numbers[9:]]),
        pa.array(numbers).dictionary_encode(), np.ma.array(numbers),
    ):  # fmt: skip
        result, result_counts = mixed(mixer, some, rows=rows, epoch=2)
        assert result == {name: taken(column, places) for name, column in expected.items()}
        assert result_counts == taken(counts, places)
    assert mixed(mixer, texts, rows=np.arange(60)) == mixed(mixer, texts) == mixed(mixer, texts, first_row=0)


def test_examples_of_several_blocks_keep_their_rows(monkeypatch):
    texts = TEXTS[HALF]
    numbers = np.arange(60)[::-1] + 2**40
    expected = mixed(HALF, texts, rows=numbers)
    monkeypatch.setattr("commit_llm.codemix.engine.compiled.BLOCK_ROWS", 7)
    assert mixed(HALF, texts, rows=numbers) == expected


def test_no_examples():
    for mixer in TEXTS:
        assert mixed(mixer, {"output": pa.array([], pa.string())}, rows=np.array([], np.int64)) == ({"output": []}, [])


MISTAKES = [
    ([0, 1], "rows: list; give an Arrow or NumPy array of integers"),
    (1, "rows: int; give an Arrow"),
    (np.array([0.0, 1.0]), "rows: float64; give an Arrow or NumPy array of integers"),
    (np.array([True, False]), "rows: bool; give"),
    (np.array([[0, 1]]), "rows: int64; give an Arrow or NumPy array of integers in one dimension"),
    (np.array([0, None]), "rows: object; give"),
    (np.array([0, 1], "timedelta64[s]"), r"rows: timedelta64\[s\]; give"),
    (np.ma.array([0, 1], mask=[False, True]), "rows: int64; .*without nulls"),
    (pa.array([0, None]), "rows: int64; .*without nulls"),
    (pa.array(["0", "1"]), "rows: object; give"),
    (pa.array([0.0, 1.0]), "rows: float64; give"),
    (np.arange(3), "rows: 3 for 2 examples; give one to each"),
    (np.array([0, -1]), "rows: -1 for example 2; a row counts from 0"),
]


@pytest.mark.parametrize("mixer", [HALF, THAI], ids=["compiled", "row by row"])
@pytest.mark.parametrize(("rows", "message"), MISTAKES)
def test_rows_that_are_no_rows(mixer, rows, message):
    with pytest.raises(UserError, match=message) as error:
        mixed(mixer, {"output": ["dog", "house"]}, rows=rows)
    assert "\n" not in str(error.value)


def test_rows_are_named_in_one_way():
    with pytest.raises(UserError, match="first_row 0 and rows: give one of them"):
        mixed(HALF, {"output": ["dog"]}, first_row=0, rows=np.array([5]))
