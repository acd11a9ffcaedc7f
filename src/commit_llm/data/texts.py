"""The texts of some examples of a data file, which may be larger than memory, for a look at them."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.data.chunks import SIZE, Chunk, blocks, chunks
from commit_llm.data.examples import columns
from commit_llm.data.mixing import ALL, Fields, text_columns
from commit_llm.data.records import Record, text_of

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLES = 5000  # which say what there is to say about coverage, in seconds
SAMPLED = 20_000  # examples whose words say how many words all of them have, well enough


def first_examples(path: Path, fields: Sequence[str] = ()) -> list[dict[str, str]]:
    """The first 5,000 examples of a data file, each one its texts by field.

    Without fields, those that `columns` finds. Raises UserError for a field that is missing or holds no text.
    """
    return [
        {field: text_of(record, field, row) for field in fields or columns(record, row)}
        for row, record in enumerate(islice(_records(path), EXAMPLES))
    ]


def sample_columns(path: Path, fields: Fields = ALL) -> "dict[str, pa.Array]":
    """The texts of at most 20,000 examples, or 64 MB, the first ones of every chunk of a file.

    Reads the file through twice. Raises UserError for a field that is missing or holds no text.
    """
    number = sum(1 for _ in chunks(path))
    sample: list[Record] = []
    for chunk in chunks(path):
        size = 0
        for record in islice(_records_of(path, chunk), max(1, SAMPLED // number)):
            sample.append(record)
            size += sum(len(value) for value in record.values() if isinstance(value, str))
            if size >= SIZE // number:
                break
    return text_columns(sample, fields)


def _records(path: Path) -> Iterator[Record]:
    for chunk in chunks(path):
        yield from _records_of(path, chunk)


def _records_of(path: Path, chunk: Chunk) -> Iterator[Record]:
    for _, block in blocks(path, chunk):
        yield from block
