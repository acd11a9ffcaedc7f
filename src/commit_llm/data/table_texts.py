"""Put other texts into a column of a table, however deep they stand: all that is not replaced stays as it was."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from commit_llm.data.chat.mixable_contents import TextPath

if TYPE_CHECKING:
    import pyarrow as pa


class PlacedText(NamedTuple):
    """Hold a text and where it goes: the row in its column, and the path within the value there."""

    row: int
    path: TextPath
    text: str


def with_texts_in_column(column: "pa.ChunkedArray", texts: Sequence[PlacedText]) -> "pa.ChunkedArray":
    """Give a column with other texts; its type stays, and so does every value beside them.

    Raises ArrowException where the type has no place for a text.
    """
    import pyarrow as pa

    array = (
        column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) if column.num_chunks else None
    )
    return column if array is None else pa.chunked_array([_with_texts(array, texts)], column.type)


def _with_texts(array: Any, texts: Sequence[PlacedText]) -> Any:
    import pyarrow as pa

    kind = array.type
    if not texts:
        return array
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        offsets = array.offsets.to_pylist()
        within = [PlacedText(offsets[row] + path[0], path[1:], text) for row, path, text in texts]
        values = _with_texts(array.values, within)
        return pa.Array.from_buffers(
            kind, len(array), array.buffers()[:2], array.null_count, array.offset, children=[values]
        )
    if pa.types.is_struct(kind):
        fields = [kind.field(number) for number in range(kind.num_fields)]
        children = [
            _with_texts(
                array.field(number),
                [PlacedText(row, path[1:], text) for row, path, text in texts if path[0] == field.name],
            )
            for number, field in enumerate(fields)
        ]
        return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null())
    values = array.to_pylist()
    for row, path, text in texts:
        _put(values, (row, *path), text)
    if pa.types.is_dictionary(kind):  # pyarrow 20 to 22 make none of large strings
        return pa.array(values, kind.value_type).dictionary_encode().cast(kind)
    return pa.array(values, kind)


def _put(values: Any, path: TextPath, text: str) -> None:
    for step in path[:-1]:
        values = values[step]
    values[path[-1]] = text
