"""Mix chosen columns of records and tables, as training does in its first epoch; everything else stays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.errors import UserError
from commit_llm.files.records import Record, text_of

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class Fields(NamedTuple):
    """Name the columns with a record's texts, and those of them that are mixed.

    named: the columns. Without names they are those that `usual_columns` finds in each record; some may be missing or
        null.
    mixed: those that are mixed. Without names they are all.
    """

    named: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()

    def of(self, record: Record, row: int) -> tuple[str, ...]:
        """Give the columns of one record. row: its index."""
        return tuple(dict.fromkeys(self.named)) or usual_columns(record, row)

    def mixed_of(self, texts: Iterable[str]) -> list[str] | None:
        """Give those of the columns that are mixed; None for all. Some records may lack one."""
        return [name for name in texts if name in self.mixed] if self.mixed else None


ALL = Fields()


def usual_columns(record: Mapping[str, Any], index: int) -> tuple[str, ...]:
    """Name the columns that hold text to mix: the three of Alpaca (input may be missing or null), or `text`.

    Raises UserError, which names the record by its index, where it has neither.
    """
    for names in (("instruction", "input", "output"), ("text",)):
        if names[0] in record:
            return tuple(name for name in names if not (name == "input" and record.get(name) is None))
    columns = ", ".join(map(repr, record))
    raise UserError(
        f"record {index + 1} of the data: no column 'instruction' or 'text', only {columns}; name some with --fields"
    )


def mix_records(
    records: Sequence[Record], mixer: CodeMixer, fields: Fields = ALL, first_row: int = 0
) -> tuple[list[dict[str, Any]], Counts]:
    """Mix the fields of every record. A null stays null, all other columns stay as they are.

    first_row: the index of the first record in the whole data.

    Raises UserError for a field that is missing or no text, naming the record.
    """
    texts = text_columns(records, fields, first_row)
    mixed, counts = mixer.mix_columns(texts, first_row=first_row, mixed_fields=fields.mixed_of(texts))
    mixed_records = [dict(record) for record in records]
    for field, column in mixed.items():
        for record, text in zip(mixed_records, column.to_pylist(), strict=True):
            if text is not None:
                record[field] = text
    return mixed_records, _total(counts)


def text_columns(records: Sequence[Record], fields: Fields = ALL, first_row: int = 0) -> "dict[str, pa.Array]":
    """Give the texts of the records' fields as the mixer takes them; null where a record has none.

    Raises UserError for a field that is missing or no text, naming the record.
    """
    import pyarrow as pa

    texts: dict[str, list[str | None]] = {}
    for place, record in enumerate(records):
        for field in fields.of(record, first_row + place):
            column = texts.setdefault(field, [None] * len(records))
            if record.get(field, "missing") is not None:
                column[place] = text_of(record, field, first_row + place)
    return {field: pa.array(column, pa.large_string()) for field, column in texts.items()}


def mix_table(
    table: "pa.Table", mixer: CodeMixer, fields: Fields = ALL, first_row: int = 0
) -> tuple["pa.Table", Counts]:
    """Mix the fields of a table as `mix_records` does; its schema stays."""
    import pyarrow as pa

    names = fields.of(dict.fromkeys(table.column_names, ""), first_row)
    for field in names:
        text_of(dict.fromkeys(table.column_names, ""), field, first_row)  # names the columns where it is missing
    # A column of nothing but nulls has no text, and not the type of one.
    texts = {name: table.column(name) for name in names if not pa.types.is_null(table.schema.field(name).type)}
    mixed, counts = mixer.mix_columns(texts, first_row=first_row, mixed_fields=fields.mixed_of(texts))
    for name, column in mixed.items():
        place = table.schema.get_field_index(name)
        kind = table.schema.field(place).type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type).dictionary_encode()
        table = table.set_column(place, table.schema.field(place), column.cast(kind))
    return table, _total(counts)


def _total(counts: "np.ndarray") -> Counts:
    return Counts(*counts.sum(axis=0).tolist())
