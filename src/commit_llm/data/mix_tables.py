"""Mix the chosen texts of a table as those of records are mixed; its schema stays, and everything else in it."""

from collections.abc import Collection, Sequence
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

    if not fields.named and _may_differ(table.column_names):
        return _mix_row_by_row(table, mixer, fields, first_row)
    names = fields.of(dict.fromkeys(table.column_names, ""), first_row)
    for field in names:
        text_of(dict.fromkeys(table.column_names, ""), field, first_row)  # names the columns where it is missing
    _require_once(names, table.column_names)
    # A column of nothing but nulls has no text, and not the type of one.
    texts = {name: table.column(name) for name in names if not pa.types.is_null(table.schema.field(name).type)}
    mixed, counts = mixer.mix_columns(texts, first_row=first_row, mixed_fields=fields.mixed_of(texts))
    for name, column in mixed.items():
        place = table.schema.get_field_index(name)
        kind = table.schema.field(place).type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type).dictionary_encode()
        table = table.set_column(place, table.schema.field(place), column.cast(kind))
    return table, RecordCounts(total(counts))


def _may_differ(names: Collection[str]) -> bool:
    """Say whether some rows of a table may have their texts in other columns than others have."""
    return any(name in names for name in LISTS) or any(
        one in names and other in names for one, other in (("prompt", "completion"), ("instruction", "text"))
    )


def _require_once(names: Collection[str], columns: Sequence[str]) -> None:
    """Raise UserError where one of the names stands for several columns."""
    for name in names:
        if columns.count(name) > 1:
            raise UserError(f"column {name!r}: stands {columns.count(name)} times in the file; rename or leave out one")


def _mix_row_by_row(
    table: "pa.Table", mixer: CodeMixer, fields: Fields, first_row: int
) -> tuple["pa.Table", RecordCounts]:
    """Mix a table of which some rows may be conversations. Of its other columns nothing is read."""
    import pyarrow as pa

    names = [name for name in LOOKED_AT if name in table.column_names]
    _require_once(names, table.column_names)
    try:
        records = table_records(table.select(names), "the data", first_row)
    except (ValueError, pa.ArrowException) as error:  # a time that Python has no value for
        columns = ", ".join(map(repr, names))
        raise UserError(f"rows from {first_row + 1} on, {columns}: cannot be read ({reason_of(error)})") from None
    texts, tally = mixed_texts(records, mixer, fields, first_row)
    for name in names:
        placed = [
            PlacedText(index, path[1:], text)
            for index, of_row in enumerate(texts)
            for path, text in of_row.items()
            if path[0] == name
        ]
        place = table.schema.get_field_index(name)
        try:
            column = with_texts_in_column(table.column(place), placed)
        except (pa.ArrowException, TypeError) as error:
            kind = table.schema.field(place).type
            raise UserError(f"column {name!r}: {kind} takes no mixed text ({reason_of(error)}); write .jsonl") from None
        table = table.set_column(place, table.schema.field(place), column)
    return table, tally
