"""The columns of several sources: which of those that --columns names each source has, and that none is nowhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from commit_llm.data.column_advice import OF_CONVERSATIONS, OPTIONAL, require_columns
from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.errors import UserError, shown


@dataclass
class SourceColumns:
    """Give each source its part of the names.

    A source has all columns of one kind (of instructions, of conversations, of plain text), or the fields themselves,
    or it is of another kind. One that lacks a column of a kind that it has is refused, for this field would be left out
    of every example in silence.

    names: as the recipe has them.
    fields: the grammar of plain text.
    several: whether there is more than one source.
    used: the fields that a source has had so far.
    """

    names: ColumnNames
    fields: str
    several: bool
    used: set[str] = field(init=False, default_factory=set)

    def of(self, source: str, columns: Mapping[str, Any]) -> ColumnNames:
        """Give the names for a source. columns: those that it has, each with a value."""
        if not self.several:
            require_columns(self.names, columns, source)
        here = AS_THEY_ARE.column_of
        for kind in self._kinds():
            lacks_one = len(kind.within(columns).column_of) < len(kind.column_of)
            if lacks_one and kind.column_of.keys() - OPTIONAL <= columns.keys():
                continue
            if kind.within(columns):
                require_columns(kind, columns, source)
                here = {**here, **kind.column_of}
        self.used |= here.keys()
        return ColumnNames(here)

    def require_all(self) -> None:
        """Raise UserError where a column is in no source."""
        for word, (name, column) in zip(self.names.written, self.names.column_of.items(), strict=True):
            if name not in self.used:
                raise UserError(f"--columns {word}: no source of the data has a column {shown(column)}; leave it out")

    def _kinds(self) -> Iterator[ColumnNames]:
        text = PlainTextForm(self.fields).columns

        def kind(name: str) -> str:
            return "text" if name in text else "conversation" if name in OF_CONVERSATIONS else "instruction"

        for each in dict.fromkeys(map(kind, self.names.column_of)):
            yield ColumnNames({name: column for name, column in self.names.column_of.items() if kind(name) == each})
