"""From the record of a data set, in an epoch, to its example: take its texts, mix them, encode them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.data.examples import Example, NoExample
from commit_llm.data.forms.form import Form
from commit_llm.data.mixed_fields import MOST_TEXTS, text_arrays
from commit_llm.data.named_source import NamedSource
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.files.records import Record

if TYPE_CHECKING:
    import pyarrow as pa


THE_DATA = NamedSource("the data")  # of whoever has only one source


class MixedAndEncoded(NamedTuple):
    """Hold what became of a record in an epoch: its example, and how many of its words had each outcome."""

    example: Example | NoExample
    words: Counts


@dataclass(frozen=True)
class ExampleMaker:
    """Make the examples of one source of data.

    form: what its records are.
    mixer: None where nothing is mixed.
    mix_fields: names of the texts that are mixed; all of them where none is named.
    source: how the recipe names it.
    number: of the source, from 0.
    """

    form: Form
    records: Sequence[Record]
    tokenizer: Tokenizer
    mixer: CodeMixer | None = None
    mix_fields: tuple[str, ...] = ()
    source: NamedSource = THE_DATA
    number: int = 0

    def __call__(self, epoch: int, index: int, place: float = 0.0) -> Example | NoExample:
        """Make the example of a record. place: where in the order of its epoch it stands, 0 to 1."""
        return self.mix_and_encode(epoch, index, place).example

    def mix_and_encode(self, epoch: int, index: int, place: float = 0.0) -> MixedAndEncoded:
        """Make the example of a record, and count what became of its words (all counts are 0 without a mixer)."""
        record = self.records[index]
        texts, counts = self.form.texts(record, index), Counts()
        if self.mixer is not None:
            fields = self.names_to_mix(texts)
            mixed = self.mixer.mix_example(texts, row=index, epoch=epoch, place=place, mixed_fields=fields)
            texts, counts = mixed.texts, mixed.counts
        return MixedAndEncoded(self.form.encode(self.tokenizer, record, texts), counts)

    def names_to_mix(self, texts: Mapping[str, str]) -> Collection[str]:
        """Say which of a record's texts are mixed. A short conversation lacks some of those that are named."""
        return [name for name in texts if name in self.mix_fields] if self.mix_fields else texts

    def require_fields(self) -> None:
        """Raise UserError where a record lacks a field or holds no text in it.

        Looks at records in memory alone: reading millions of a hub data set would take as long as an epoch.
        """
        if isinstance(self.records, list):
            for index, record in enumerate(self.records):
                self.form.texts(record, index)

    def columns(self, indices: Iterable[int]) -> "dict[str, pa.Array]":
        """Give the texts of these records as columns, which are what the mixer takes many texts as; null for none.

        Of a conversation the first 64 are taken, as `mix` does for its first pass.
        """
        texts = (self.form.texts(self.records[index], index) for index in indices)
        return text_arrays([dict(islice(of_record.items(), MOST_TEXTS)) for of_record in texts])
