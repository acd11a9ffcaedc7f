"""What the Hugging Face hub gave: of which commit it is, or in one line why nothing came, and what to do."""

import re
from collections.abc import Iterator
from pathlib import Path

from commit_llm.errors import reason_of

# Errors of whoever cannot reach a server.
UNREACHABLE = {"ConnectionError", "ConnectError", "TimeoutException"}
PAGES = {"model": "https://huggingface.co/{}", "data set": "https://huggingface.co/datasets/{}"}


def commit_of_snapshot(folder: Path) -> str | None:
    """Give the commit of a folder that `snapshot_download` gave: its cache names a folder after each.

    >>> commit_of_snapshot(Path("models--a--b/snapshots") / ("0123456789" * 4))
    '0123456789012345678901234567890123456789'
    """
    return folder.name if folder.parent.name == "snapshots" and is_commit(folder.name) else None


def is_commit(text: str) -> bool:
    """Say whether a revision is the name of a commit, and not of a branch or a tag, which may move."""
    return re.fullmatch("[0-9a-f]{40}", text) is not None


def why_not_given(error: BaseException, name: str, kind: str = "model", revision: str | None = None) -> str:
    """Give the reason, of an error that huggingface_hub or datasets raised.

    Both raise an error of another kind than the server's where nothing is in their cache either, and change their kinds
    with their versions: so the errors that it came from are looked at, by the names of their classes.

    name: of a model or a data set, as the hub has it.
    kind: a key of PAGES.
    revision: that was asked for.
    """
    causes, kinds = list(_causes(error)), _kinds(error)
    statuses = (getattr(getattr(cause, "response", None), "status_code", None) for cause in causes)
    status = next((status for status in statuses if status), None)
    page = PAGES[kind].format(name)
    if "GatedRepoError" in kinds or f"'{name}' is a gated" in str(error):
        return f"it is a gated {kind}; ask for access at {page}, and log in with `hf auth login`"
    if status in (401, 403):  # 401 also where a name does not exist, and nobody is logged in
        return f"it is private or gated, or does not exist ({status}); see {page}, and log in with `hf auth login`"
    if "DatasetNotFoundError" in kinds:
        return f"it does not exist, or is private; see {page}, and log in with `hf auth login` where it is"
    if "RevisionNotFoundError" in kinds:
        return f"it has no revision {revision} ({page})"
    if "RepositoryNotFoundError" in kinds:
        return f"there is no such {kind} on the hub ({page})"
    if status:
        return f"the hub answers {status} ({reason_of(error)[:100]})"
    if "LocalEntryNotFoundError" in kinds or kinds & UNREACHABLE:
        copy = "copy of it" if revision is None else f"copy of its revision {revision}"
        return f"the hub cannot be reached, or HF_HUB_OFFLINE forbids it, and no whole {copy} is on this machine"
    return reason_of(error)


def is_unreachable(error: BaseException) -> bool:
    """Say whether an error means that the server cannot be reached."""
    return bool(_kinds(error) & UNREACHABLE)


def _kinds(error: BaseException) -> set[str]:
    """Give the names of the classes of an error and of those that it came from."""
    return {base.__name__ for cause in _causes(error) for base in type(cause).__mro__}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those that it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
