"""Training data: a file of records, or a data set of the hub."""

from collections.abc import Sequence
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.files.data_format import has_data_suffix
from commit_llm.files.hub_data import load_hub
from commit_llm.files.line_records import Check, open_records
from commit_llm.files.records import Record


def is_file(data: str) -> bool:
    """Say whether data is named as a file, and not as a data set of the hub."""
    path = Path(data)
    return has_data_suffix(path) or path.exists()


def load_data(
    data: str,
    config: str | None = None,
    split: str = "train",
    revision: str | None = None,
    *,
    check: Check | None = None,
) -> Sequence[Record]:
    """Open the records of a file with a known suffix, or a hub data set by its id. No text is kept in memory.

    revision: commit, tag or branch of a hub data set.
    check: looks at every record of a file. Those of a hub data set are not looked at: reading millions of them would
        take as long as an epoch.
    """
    if is_file(data):
        if revision is not None:
            raise UserError(
                f"--data-revision {revision}: is for a data set of the hub, and {data} is a file; leave it out"
            )
        return open_records(Path(data), check)
    if data.count("/") > 1 or data.startswith((".", "/", "~")):
        raise UserError(f"{data}: no such data file")
    return load_hub(data, config, split, revision)
