"""Say in one line why the Hugging Face hub gave no model or data set, and what to do."""

from collections.abc import Iterator

from commit_llm.errors import reason_of

PAGES = {"model": "https://huggingface.co/{}", "data set": "https://huggingface.co/datasets/{}"}


def why_not_given(error: BaseException, name: str, kind: str = "model") -> str:
    """Give the reason, of an error that huggingface_hub or datasets raised.

    Both raise an error of another kind than the server's where nothing is in their cache either, and change their kinds
    with their versions: so the errors that it came from are looked at, by the names of their classes.

    name: of a model or a data set, as the hub has it.
    kind: a key of PAGES.
    """
    causes = list(_causes(error))
    kinds = {base.__name__ for cause in causes for base in type(cause).__mro__}
    statuses = (getattr(getattr(cause, "response", None), "status_code", None) for cause in causes)
    status = next((status for status in statuses if status), None)
    page = PAGES[kind].format(name)
    if "GatedRepoError" in kinds or f"'{name}' is a gated" in str(error):
        return f"it is a gated {kind}; ask for access at {page}, and log in with `hf auth login`"
    if status in (401, 403):  # 401 also where a name does not exist, and nobody is logged in
        return f"it is private or gated, or does not exist ({status}); see {page}, and log in with `hf auth login`"
    if "DatasetNotFoundError" in kinds:
        return f"it does not exist, or is private; see {page}, and log in with `hf auth login` where it is"
    if "RepositoryNotFoundError" in kinds:
        return f"there is no such {kind} on the hub ({page})"
    if status:
        return f"the hub answers {status} ({reason_of(error)[:100]})"
    if kinds & {"LocalEntryNotFoundError", "ConnectionError", "ConnectError", "TimeoutException"}:
        return "the hub cannot be reached, or HF_HUB_OFFLINE forbids it, and no whole copy of it is on this machine"
    return reason_of(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and those that it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
