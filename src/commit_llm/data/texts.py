"""The texts of the first examples of a data file, for a look at them."""

from collections.abc import Sequence
from pathlib import Path

from commit_llm.data.examples import columns
from commit_llm.data.records import read_records, text_of

EXAMPLES = 5000  # which say what there is to say about coverage, in seconds


def first_examples(path: Path, fields: Sequence[str] = ()) -> list[dict[str, str]]:
    """The first 5,000 examples of a data file, each one its texts by field.

    Without fields, those that `columns` finds. Raises UserError for a field that is missing or holds no text.
    """
    return [
        {field: text_of(record, field, row) for field in fields or columns(record, row)}
        for row, record in enumerate(read_records(path)[:EXAMPLES])
    ]
