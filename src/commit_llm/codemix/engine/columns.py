"""Take Arrow columns as the mixer needs them, and mix them row by row where the kernel cannot."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from commit_llm.codemix.outcome import Counts, MixedExample
from commit_llm.errors import UserError


def text_columns(columns: Mapping[str, Any]) -> dict[str, pa.ChunkedArray]:
    """Give columns as chunked arrays of string or large_string.

    Raises UserError for a column that holds something else.
    """
    result = {}
    for name, column in columns.items():
        chunked = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
        kind = chunked.type
        if pa.types.is_dictionary(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
            chunked = chunked.cast(pa.large_string() if pa.types.is_string_view(kind) else pa.string())
        elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            raise UserError(f"column {name!r}: holds {kind}, not text; give columns of texts")
        result[name] = chunked
    return result


def row_numbers(rows: Any, first_row: int | None, examples: int) -> np.ndarray:
    """Give the row of each example: those that are named, or one after another from the first.

    Raises UserError where rows are not an Arrow or NumPy array of integers from 0 on, one for each example.
    """
    if rows is None:
        first = first_row or 0
        return np.arange(first, first + examples)
    if first_row is not None:
        raise UserError(f"first_row {first_row} and rows: give one of them; rows name the row of every example")
    if isinstance(rows, pa.Array | pa.ChunkedArray) and not rows.null_count:
        rows = np.asarray(rows)
    if not isinstance(rows, np.ndarray) or rows.ndim != 1 or rows.dtype.kind not in "iu" or np.ma.is_masked(rows):
        kind = getattr(rows, "dtype", getattr(rows, "type", type(rows).__name__))
        raise UserError(f"rows: {kind}; give an Arrow or NumPy array of integers in one dimension, without nulls")
    if len(rows) != examples:
        raise UserError(f"rows: {len(rows)} for {examples} examples; give one to each")
    if examples and rows.min() < 0:
        raise UserError(f"rows: {rows.min()} for example {rows.argmin() + 1}; a row counts from 0")
    return rows


def mix_row_by_row(
    mix: Callable[..., MixedExample],
    columns: Mapping[str, pa.ChunkedArray],
    rows: np.ndarray,
    mixed_fields: Collection[str],
) -> tuple[dict[str, pa.ChunkedArray], np.ndarray]:
    """Mix columns with a function of one example, `CodeMixer.mix_example`; gives columns, and counts (rows, numbers).

    rows: the row of each example in the whole data, integers.
    """
    names = list(columns)
    mixed: list[list[str | None]] = [[] for _ in names]
    counts = [np.zeros((0, len(Counts._fields)), np.int64)]
    texts_of = [_texts(name, column) for name, column in columns.items()]
    for row, *values in zip(rows.tolist(), *texts_of, strict=True):
        texts = dict(zip(names, values, strict=True))
        example = mix(texts, row=row, mixed_fields=mixed_fields)
        for name, column in zip(names, mixed, strict=True):
            column.append(example.texts[name])
        counts.append(np.array([example.counts], np.int64))
    arrays = {
        name: pa.chunked_array([pa.array(column, columns[name].type)])
        for name, column in zip(names, mixed, strict=True)
    }
    return arrays, np.concatenate(counts)


def mix_parts(
    mixes: Sequence[Callable[..., tuple[dict[str, pa.ChunkedArray], np.ndarray]]],
    columns: Mapping[str, pa.ChunkedArray],
    rows: np.ndarray,
    parts: np.ndarray,
    mixed_fields: Collection[str],
) -> tuple[dict[str, pa.ChunkedArray], np.ndarray]:
    """Mix each part of the examples with a function of its own, `CodeMixer.mix_columns`; their order stays.

    parts: of each example, the number of its function.
    """
    order = np.argsort(parts, kind="stable")
    borders = np.searchsorted(parts[order], np.arange(len(mixes) + 1))
    of_parts = []
    for mix, first, last in zip(mixes, borders, borders[1:], strict=False):
        taken = order[first:last]
        own = {name: column.take(taken) for name, column in columns.items()}
        of_parts.append(mix(own, rows=rows[taken], mixed_fields=mixed_fields))
    back = np.argsort(order, kind="stable")
    mixed = {
        name: pa.chunked_array([chunk for part, _ in of_parts for chunk in part[name].chunks], column.type).take(back)
        for name, column in columns.items()
    }
    return mixed, np.concatenate([counts for _, counts in of_parts])[back]


def _texts(name: str, column: pa.ChunkedArray) -> list[str | None]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError as error:
        raise UserError(f"column {name!r}: no valid text ({error})") from None
