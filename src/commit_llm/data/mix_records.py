"""Mix the chosen texts of records, as training does in its first epoch; everything else stays."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.data.chat.conversation import ConversationError
from commit_llm.data.chat.mixable_contents import TextPath, mixable_contents, with_texts
from commit_llm.data.mix_conversations import mix_contents
from commit_llm.data.mixed_fields import ALL, Fields, text_arrays
from commit_llm.files.records import Record


class RecordCounts(NamedTuple):
    """Count what was met in records.

    words: the outcomes of their words.
    conversations: how many of them are conversations.
    faulty: how many of those have a fault, and are left as they are.
    fault: what the first of these has, and where.
    """

    words: Counts = Counts()
    conversations: int = 0
    faulty: int = 0
    fault: str = ""

    def plus(self, other: "RecordCounts") -> "RecordCounts":
        """Add what was met in later records."""
        faulty = self.faulty + other.faulty
        conversations = self.conversations + other.conversations
        return RecordCounts(self.words.plus(other.words), conversations, faulty, self.fault or other.fault)


def mix_records(
    records: Sequence[Record], mixer: CodeMixer, fields: Fields = ALL, first_row: int = 0
) -> tuple[list[dict[str, Any]], RecordCounts]:
    """Mix the fields of every record, or the contents of a conversation. A null stays null, all else as it is.

    first_row: the index of the first record in the whole data.

    Raises UserError for a field that is missing or no text, naming the record.
    """
    texts, tally = mixed_texts(records, mixer, fields, first_row)
    if fields.columns:
        column = fields.columns.column
        texts = [{(column(str(path[0])), *path[1:]): text for path, text in own.items()} for own in texts]
    return [with_texts(record, own) for record, own in zip(records, texts, strict=True)], tally


def mixed_texts(
    records: Sequence[Record], mixer: CodeMixer, fields: Fields = ALL, first_row: int = 0
) -> tuple[list[dict[TextPath, str]], RecordCounts]:
    """Mix records as `mix_records` does, and give the mixed texts of each, by their paths, which begin with a field."""
    mixed: list[dict[TextPath, str]] = [{} for _ in records]
    tally, others = RecordCounts(), []
    for place, record in enumerate(records):
        if not fields.has_conversation(record):
            others.append(place)
            continue
        row = first_row + place
        try:
            contents = mixable_contents(fields.columns.renamed(record), row, fields.roles)
        except ConversationError as fault:
            tally = tally.plus(RecordCounts(Counts(), 1, 1, f"record {row + 1}: {fault}"))
            continue
        names = fields.mixed_of(content.name for content in contents)
        mixed[place], counts = mix_contents(contents, mixer, row, names)
        tally = tally.plus(RecordCounts(counts, 1))
    texts = text_arrays([fields.texts_of_columns(records[place], first_row + place) for place in others])
    if texts:
        rows = first_row + np.array(others)
        columns, counts_of_rows = mixer.mix_columns(texts, rows=rows, mixed_fields=fields.mixed_of(texts))
        for name, column in columns.items():
            for place, text in zip(others, column.to_pylist(), strict=True):
                if text is not None:
                    mixed[place][(name,)] = text
        tally = tally.plus(RecordCounts(total(counts_of_rows)))
    return mixed, tally


def total(counts: np.ndarray) -> Counts:
    """Sum counts over the examples. counts: (examples, numbers)."""
    return Counts(*counts.sum(axis=0).tolist())
