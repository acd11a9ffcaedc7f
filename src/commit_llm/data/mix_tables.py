"""Mix the chosen texts of a table as those of records are mixed; its schema stays, and everything else in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from commit_llm.codemix import CodeMixer
from commit_llm.data.chat.conversation import LISTS
from commit_llm.data.mix_records import RecordCounts, mixed_texts, total
from commit_llm.data.mixed_fields import ALL, Fields
from commit_llm.data.table_texts import PlacedText, with_texts_in_column
from commit_llm.errors import UserError, reason_of
from commit_llm.files.parquet import table_records
from commit_llm.files.records import text_of

if TYPE_CHECKING:
    import pyarrow as pa

# Columns that decide on what a row is, and hold its texts.
LOOKED_AT = (*LISTS, "prompt", "completion", "instruction", "input", "output", "text")


def mix_table(
    table: "pa.Table", mixer: CodeMixer, fields: Fields = ALL, first_row: int = 0
) -> tuple["pa.Table", RecordCounts]:
    """Mix the fields of a table as `mix_records` does; its schema stays."""
    import pyarrow as pa

    by_field = fields.columns.renamed(dict.fromkeys(table.column_names, ""))
    if not fields.named and _may_differ(by_field):
        return _mix_row_by_row(table, mixer, fields, first_row)
    column_of = {field: fields.columns.column(field) for field in _fields_of(table, fields, by_field, first_row)}
    _require_once(column_of.values(), table.column_names)
    # A column of nothing but nulls has no text, and not the type of one.
    texts = {
        field: table.column(name)
        for field, name in column_of.items()
        if not pa.types.is_null(table.schema.field(name).type)
    }
    mixed, counts = mixer.mix_columns(texts, first_row=first_row, mixed_fields=fields.mixed_of(texts))
    for field, column in mixed.items():
        place = table.schema.get_field_index(column_of[field])
        kind = table.schema.field(place).type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type).dictionary_encode()
        table = table.set_column(place, table.schema.field(place), column.cast(kind))
    return table, RecordCounts(total(counts))


def _fields_of(table: "pa.Table", fields: Fields, by_field: Mapping[str, str], first_row: int) -> Collection[str]:
    """Give the fields that are mixed. Raises UserError, which names all columns, where one is missing."""
    try:
        names = fields.of(by_field, first_row)
        for field in names:
            text_of(by_field, field, first_row)
    except UserError as error:
        first, *_ = [*table_records(table.slice(0, 1), "the data", first_row), by_field]
        raise fields.with_advice(error, first, first_row) from None
    return names


def _may_differ(names: Collection[str]) -> bool:
    """Say whether some rows of a table may have their texts in other columns than others have."""
    return any(name in names for name in LISTS) or any(
        one in names and other in names for one, other in (("prompt", "completion"), ("instruction", "text"))
    )


def _require_once(names: Iterable[str], columns: Sequence[str]) -> None:
    """Raise UserError where one of the names stands for several columns."""
    for name in names:
        if columns.count(name) > 1:
            raise UserError(f"column {name!r}: occurs {columns.count(name)} times in the file; rename or leave out one")


def _mix_row_by_row(
    table: "pa.Table", mixer: CodeMixer, fields: Fields, first_row: int
) -> tuple["pa.Table", RecordCounts]:
    """Mix a table of which some rows may be conversations. Of its other columns nothing is read."""
    import pyarrow as pa

    names = [name for name in map(fields.columns.column, LOOKED_AT) if name in table.column_names]
    _require_once(names, table.column_names)
    try:
        records = table_records(table.select(names), "the data", first_row)
    except (ValueError, pa.ArrowException) as error:  # a time that Python has no value for
        columns = ", ".join(map(repr, names))
        raise UserError(
            f"rows from {first_row + 1} on, {columns}: cannot be read ({reason_of(error)}); write them as texts"
        ) from None
    texts, tally = mixed_texts(records, mixer, fields, first_row)
    for name in names:
        placed = [
            PlacedText(index, path[1:], text)
            for index, of_row in enumerate(texts)
            for path, text in of_row.items()
            if fields.columns.column(str(path[0])) == name
        ]
        place = table.schema.get_field_index(name)
        try:
            column = with_texts_in_column(table.column(place), placed)
        except (pa.ArrowException, TypeError) as error:
            kind = table.schema.field(place).type
            raise UserError(f"column {name!r}: {kind} takes no mixed text ({reason_of(error)}); write .jsonl") from None
        table = table.set_column(place, table.schema.field(place), column)
    return table, tally
