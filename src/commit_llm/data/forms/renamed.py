"""Records whose columns have other names, in any form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from commit_llm.data.column_names import ColumnNames
from commit_llm.data.examples import Example, NoExample
from commit_llm.data.forms.form import Form
from commit_llm.data.prompts import Passage
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.files.records import Record


class RenamedForm(NamedTuple):
    """Do what a form does, of records by the names of their fields. Nothing is renamed before it is asked for."""

    form: Form
    columns: ColumnNames

    @property
    def name(self) -> str:
        """Give the name of the form."""
        return self.form.name

    def texts(self, record: Record, index: int) -> Mapping[str, str]:
        """Give the texts of a record that may be mixed."""
        return self.form.texts(self.columns.renamed(record), index)

    def layout(self, record: Record, texts: Mapping[str, str]) -> Sequence[Sequence[Passage]]:
        """Lay out what is encoded."""
        return self.form.layout(self.columns.renamed(record), texts)

    def encode(self, tokenizer: Tokenizer, record: Record, texts: Mapping[str, str]) -> Example | NoExample:
        """Make the example of a record with these texts."""
        return self.form.encode(tokenizer, self.columns.renamed(record), texts)

    def documents(self, record: Record) -> Iterable[str]:
        """Give the texts of a record whose hashes are kept."""
        return self.form.documents(self.columns.renamed(record))
