"""Data sets of the Hugging Face hub: opened memory-mapped, with the commit that they are of."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.hub import is_commit, why_not_given
from commit_llm.files.hub_reach import hub_or_cache
from commit_llm.files.records import Record

FINGERPRINTED = 1000  # records, spread over the data, that its fingerprint is made of


class HubRecords(Sequence[Record]):
    """Give the records of a data set, which `datasets` reads when they are asked for.

    commit: of the data set; None where a version of `datasets` does not tell it.
    """

    def __init__(self, records: Any, commit: str | None) -> None:
        self.records, self.commit = records, commit

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: Any) -> Any:
        return self.records[index]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)  # faster than one by one

    def describe(self) -> dict[str, Any]:
        """Describe the data by its commit, a fingerprint and the number of its records.

        The fingerprint is the SHA-256 of 1,000 records spread over the data, so of all records where there are fewer.
        It is the same with any version of `datasets` and on any machine.
        """
        digest, number = hashlib.sha256(), len(self)
        for index in range(0, number, max(1, -(-number // FINGERPRINTED))):
            record = json.dumps(_plain(self[index]), sort_keys=True)
            digest.update(record.encode("utf-8"))
        return {"commit": self.commit, "fingerprint": digest.hexdigest(), "records": number}


def _plain(value: Any) -> Any:
    """Leave out of a record what is not a text, number or truth value, such as images."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__


def load_hub(name: str, config: str | None, split: str, revision: str | None = None) -> HubRecords:
    """Open a data set of the Hugging Face hub, through `datasets` (no remote code).

    revision: a commit, tag or branch; None is its main branch.

    Raises UserError where it is not given, or is not of the commit that was asked for.
    """
    import datasets

    try:
        with hub_or_cache():
            records = datasets.load_dataset(name, config, split=split, revision=revision)
            offline = _is_offline()
    except Exception as error:  # the library raises many kinds for "not found" and "offline"
        reason = why_not_given(error, name, "data set", revision)
        raise UserError(
            f"{name}: neither a file here nor a data set loaded from the hub: {reason}; or name a file with --data"
        ) from None
    commit = _commit_of(records, name)
    # Without a network `datasets` takes whichever it has.
    is_another = commit not in (None, revision) if is_commit(revision or "") else revision not in (None, "main")
    if is_another and (is_commit(revision or "") or offline):
        raise UserError(
            f"{name}: revision {revision} was asked for, and this machine has commit {commit}; connect to the hub "
            "once, or ask for another --data-revision"
        )
    return HubRecords(records, commit)


def _is_offline() -> bool:
    import huggingface_hub.constants

    return bool(huggingface_hub.constants.HF_HUB_OFFLINE)


def _commit_of(records: Any, name: str) -> str | None:
    """Find out the commit of a data set: `datasets` keeps it in the names of what was fetched, and of its own cache."""
    fetched = getattr(getattr(records, "info", None), "download_checksums", None) or {}
    for address in fetched:
        if match := re.search(rf"/{re.escape(name)}@([0-9a-f]{{40}})/", str(address)):
            return match[1]
    for file in getattr(records, "cache_files", None) or []:
        folder = Path(file["filename"]).parent.name
        if is_commit(folder):
            return folder
    return None
