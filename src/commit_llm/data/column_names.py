"""Columns of a file under other names: which of them holds which field of a record."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from commit_llm.errors import SettingError, SettingName, shown
from commit_llm.files.records import Record

HOW = "write FIELD=COLUMN, such as instruction=question"


@dataclass(frozen=True)
class ColumnFlags:
    """Which columns of the data are which fields. Every field is a flag."""

    columns: tuple[str, ...] = ()
    """Columns of the data under other names, FIELD=COLUMN each: instruction=question input=context output=answer;
    or text=content; or messages=turns."""


@dataclass(frozen=True)
class ColumnNames:
    """Say which column holds which field.

    column_of: the columns by their fields. Other columns keep their names.
    """

    column_of: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether a column has another name."""
        return bool(self.column_of)

    def renamed(self, record: Record) -> Record:
        """Give a record by the names of its fields. A column whose name another one takes is left out.

        >>> ColumnNames({"input": "context"}).renamed({"context": "It rains.", "input": "x", "id": 1})
        {'input': 'It rains.', 'id': 1}
        """
        if not self.column_of:
            return record
        fields = self._field_of
        return {
            fields.get(name, name): value
            for name, value in record.items()
            if name in fields or name not in self.column_of
        }

    def column(self, field: str) -> str:
        """Give the column that holds a field."""
        return self.column_of.get(field, field)

    def within(self, columns: Collection[str]) -> "ColumnNames":
        """Leave out the columns that are not among these."""
        return ColumnNames({field: column for field, column in self.column_of.items() if column in columns})

    @property
    def written(self) -> tuple[str, ...]:
        """Give the words of the flag."""
        return tuple(f"{field}={column}" for field, column in self.column_of.items())

    @cached_property
    def _field_of(self) -> dict[str, str]:
        return {column: field for field, column in self.column_of.items()}


AS_THEY_ARE = ColumnNames()


def column_names(words: Sequence[str]) -> ColumnNames:
    """Read what stands behind --columns. Raises SettingError where it is none, or two share a field or a column.

    >>> column_names(["instruction=question", "output=a=b"]).column_of
    {'instruction': 'question', 'output': 'a=b'}
    """
    column_of: dict[str, str] = {}
    for word in words:
        field, separator, column = word.partition("=")
        if not (separator and field and column):
            raise _wrong(word, f"is not a name of a column; {HOW}, and a file before the flags")
        if field in column_of:
            raise _wrong(word, f"{shown(field)} is {shown(column_of[field])} already; leave out one of them")
        if column in column_of.values():
            raise _wrong(word, f"column {shown(column)} is another field already; leave out one of them")
        column_of[field] = column
    return ColumnNames(column_of)


def columns_of(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the columns of some records, each with the first value in it that is not null.

    >>> columns_of([{"a": None, "b": 1}, {"a": "x", "b": 2, "c": 3}])
    {'a': 'x', 'b': 1, 'c': 3}
    """
    columns: dict[str, Any] = {}
    for record in records:
        for name, value in record.items():
            if columns.get(name) is None:
                columns[name] = value
    return columns


def open_columns(words: Sequence[str], path: Path, fields: Sequence[str] = ()) -> ColumnNames:
    """Read what stands behind --columns for a file, the first records of which have to have these columns.

    fields: those that --fields names.

    Raises UserError where one is not there, and SettingError for a field that is none.
    """
    names = column_names(words)
    if names:
        from commit_llm.data.column_advice import require_columns, require_fields
        from commit_llm.files.chunks import first_rows

        require_fields(names, ("text", *fields))
        require_columns(names, columns_of(first_rows(path)), str(path))
    return names


def _wrong(word: str, why: str) -> SettingError:
    return SettingError(SettingName("columns"), f" {word}: {why}")
