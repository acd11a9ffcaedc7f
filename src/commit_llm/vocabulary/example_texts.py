"""Read the texts of a data file, example by example, whatever the file is made for: SQuAD's contexts too."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from commit_llm.data.mixed_fields import Fields, is_conversation
from commit_llm.data.squad_paragraphs import is_squad, read_paragraphs
from commit_llm.errors import UserError
from commit_llm.files.chunks import blocks, chunks, length
from commit_llm.files.records import Record

# Of report(done, total): in examples where only some are asked for, else in rows or bytes of the file.
Report = Callable[[int, int], None]


class ExampleKind(StrEnum):
    """Say what an example is."""

    CONTEXT = "context"
    TEXT = "text"
    INSTRUCTION = "instruction"
    CONVERSATION = "conversation"


class ExampleTexts(NamedTuple):
    """Hold an example.

    row: its index in the file.
    texts: by name, those that are not blank.
    record: by the names of its fields.
    """

    kind: ExampleKind
    row: int
    texts: dict[str, str]
    record: Record


@dataclass
class ExampleReader:
    """Read the examples of a data file, of which those count that have a text; of SQuAD's layout the contexts.

    most: records to look at, from the first; None is all.
    is_cut: whether there were more.

    Raises UserError, naming the file, where it is missing or malformed, or has no column of texts.
    """

    path: Path
    fields: Fields
    most: int | None = None
    report: Report = lambda done, total: None
    is_cut: bool = False

    def __iter__(self) -> Iterator[ExampleTexts]:
        is_context = is_squad(self.path)
        for row, record in self._contexts() if is_context else self._records():
            by_field = self.fields.columns.renamed(record)
            try:
                texts = {"text": record["text"]} if is_context else self.fields.texts_of(record, row)
            except UserError as error:
                raise UserError(f"{self.path}: {error}") from None
            kept = {name: text for name, text in texts.items() if text and not text.isspace()}
            if kept:
                kind = ExampleKind.CONTEXT if is_context else self._kind(by_field, kept)
                yield ExampleTexts(kind, row, kept, by_field)

    def _contexts(self) -> Iterator[tuple[int, Record]]:
        paragraphs = read_paragraphs(self.path)
        self.is_cut = self.most is not None and self.most < len(paragraphs)
        for row, paragraph in enumerate(paragraphs[: self.most]):
            yield row, {"text": paragraph.text}
            self.report(row + 1, min(len(paragraphs), self.most or len(paragraphs)))

    def _records(self) -> Iterator[tuple[int, Record]]:
        """Give the first records of a file with their indices, reading hardly more of it than these."""
        total, _ = length(self.path)
        for chunk in chunks(self.path):
            for first, block in blocks(self.path, chunk):
                for row, record in enumerate(block, first):
                    if row == self.most:
                        self.is_cut = True
                        self.report(row, row)
                        return
                    yield row, record
                if self.most is not None:
                    self.report(min(self.most, first + len(block)), self.most)
            if self.most is None:
                self.report(chunk.done, total)

    def _kind(self, record: Record, texts: Mapping[str, str]) -> ExampleKind:
        if self.fields.named:
            return ExampleKind.TEXT
        if is_conversation(record):
            return ExampleKind.CONVERSATION
        return ExampleKind.INSTRUCTION if "instruction" in texts else ExampleKind.TEXT
