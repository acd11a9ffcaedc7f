"""Other texts in a column, however deep: the type and all that is not replaced stay."""

import pyarrow as pa
import pytest

from commit_llm.data.table_texts import PlacedText, with_texts_in_column

TURN = pa.struct([pa.field("value", pa.string(), nullable=False), pa.field("n", pa.int8(), metadata={"unit": "m"})])
TURNS = [[{"value": "a", "n": 1}, {"value": "b", "n": None}], None, [], [{"value": "c", "n": 3}]]


@pytest.mark.parametrize("kind", [pa.list_(TURN), pa.large_list(TURN), pa.list_(pa.field("turn", TURN))], ids=str)
@pytest.mark.parametrize("first", [0, 1, 3])
def test_lists_and_slices_of_them(kind, first):
    column = pa.chunked_array([pa.array(TURNS, kind), pa.array(TURNS, kind)]).slice(first)
    texts = [PlacedText(3 - first, (0, "value"), "x"), PlacedText(4 - first, (1, "value"), "y")]
    new = with_texts_in_column(column, texts)
    new.validate(full=True)
    assert new.type == column.type
    expected = [*TURNS[:3], [{"value": "x", "n": 3}], [TURNS[0][0], {"value": "y", "n": None}], *TURNS[1:]]
    assert new.to_pylist() == expected[first:]


CATEGORY = pa.dictionary(pa.int8(), pa.large_string())  # as Polars writes one


@pytest.mark.parametrize(
    ("array", "text", "expected"),
    [
        (pa.array(["a", None]), PlacedText(0, (), "x"), ["x", None]),
        (
            pa.array(["a", "b"], pa.large_string()).dictionary_encode().cast(CATEGORY),
            PlacedText(1, (), "x"),
            ["a", "x"],
        ),
        (pa.array([["a", "b"], None], pa.list_(pa.string(), 2)), PlacedText(0, (1,), "x"), [["a", "x"], None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_columns_of_texts(array, text, expected):
    new = with_texts_in_column(pa.chunked_array([array]), [text])
    assert (new.type, new.to_pylist()) == (array.type, expected)


def test_nothing_to_replace():
    column = pa.chunked_array([pa.array(TURNS)])
    assert with_texts_in_column(column, []) == column
    assert with_texts_in_column(pa.chunked_array([], pa.string()), []) == pa.chunked_array([], pa.string())


def test_values_that_python_has_not_are_kept():
    """Only what leads to a text is taken apart: a time of a nanosecond, a number of two bytes."""
    kind = pa.struct([("text", pa.string()), ("when", pa.timestamp("ns", "UTC")), ("half", pa.float16())])
    values = pa.StructArray.from_arrays(
        [pa.array(["a", "b"]), pa.array([1, 3], pa.timestamp("ns", "UTC")), pa.array([1, 2]).cast(pa.float16())],
        fields=list(kind),
    )
    new = with_texts_in_column(pa.chunked_array([values]), [PlacedText(1, ("text",), "x")])
    assert new.chunk(0).field(0).to_pylist() == ["a", "x"]
    assert [new.chunk(0).field(n).equals(values.field(n)) for n in (1, 2)] == [True, True]
