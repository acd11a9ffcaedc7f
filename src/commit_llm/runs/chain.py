"""The output of `commit-llm run`: a run, its export and its evaluation, each in a folder of one name everywhere."""

from pathlib import Path

RUN, EXPORT, EVALUATION = "run", "model", "eval"


def find_in_chain(folder: Path, part: str, file: str) -> Path:
    """Give the folder itself, or the part of a chain's output within it where only that one has the file.

    part: RUN, EXPORT or EVALUATION.
    file: a name that every folder of this kind has in it.
    """
    inner = folder / part
    return inner if not (folder / file).is_file() and (inner / file).is_file() else folder


def name_of(folder: Path, part: str) -> str:
    """Give a folder's name, or the name of the output around it: the parts of all outputs are called alike."""
    full = folder.resolve()
    return full.parent.name if full.name == part and full.parent.name else full.name
