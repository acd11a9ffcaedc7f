"""Take Arrow columns as the mixer needs them, and mix them row by row where the kernel cannot."""

from collections.abc import Callable, Collection, Mapping
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
            raise UserError(f"column {name!r}: holds {kind}, not text")
        result[name] = chunked
    return result


def mix_row_by_row(
    mix: Callable[..., MixedExample],
    columns: Mapping[str, pa.ChunkedArray],
    first_row: int,
    mixed_fields: Collection[str],
) -> tuple[dict[str, pa.ChunkedArray], np.ndarray]:
    """Mix columns with a function of one example, `CodeMixer.mix_example`; gives columns, and counts (rows, numbers)"""
    names = list(columns)
    mixed: list[list[str | None]] = [[] for _ in names]
    counts = [np.zeros((0, len(Counts._fields)), np.int64)]
    texts_of = [_texts(name, column) for name, column in columns.items()]
    for row, values in enumerate(zip(*texts_of, strict=True), first_row):
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


def _texts(name: str, column: pa.ChunkedArray) -> list[str | None]:
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError as error:
        raise UserError(f"column {name!r}: no valid text ({error})") from None
