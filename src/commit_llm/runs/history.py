"""What a model was trained on, as provenance.json keeps it: the stages of its training, and its documents."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from commit_llm.codemix.ratio_schedule import is_written_ratio
from commit_llm.data import document_hashes
from commit_llm.errors import UserError
from commit_llm.files.json_text import read_json

Stage = dict[str, Any]
BEFORE, TRAINING, DOCUMENTS = "trained_before", "training", "documents"
TEXTS = ("data", "form", "behaviour")
COUNTS = ("seed", "steps", "examples", "tokens")
WAYS = "ways"  # a stage has it only where words are not mixed in the usual way alone


class History(NamedTuple):
    """Hold what a model was trained on; None stands for what nobody knows.

    stages: oldest first, each with data (its name without its folder), form, behaviour, ratio, seed, steps, examples
        (that came up), tokens, and in words the other ways in which it is mixed, if any.
    documents: the hashes of all documents of their data, uint64, ascending.
    """

    stages: list[Stage] | None
    documents: np.ndarray | None

    def to_json(self, stages: str) -> dict[str, Any]:
        """Give the two entries of provenance.json. stages: the name of the first."""
        documents = None if self.documents is None else document_hashes.to_json(self.documents)
        return {stages: self.stages, DOCUMENTS: documents}


UNKNOWN = History(None, None)
NOTHING = History([], np.zeros(0, np.uint64))  # of random weights


def read_history(path: Path, stages: str) -> History | None:
    """Read what a provenance.json says. stages: the name of their entry, BEFORE of a run, TRAINING of an export.

    Gives None where the file is absent or not from COMMIT; UNKNOWN where it is of a version that kept no history. The
    file may come with a model from anywhere: raises UserError where it is malformed.
    """
    way_out = "export the model again, or take the file away, and what it was trained on is not known"
    try:
        provenance = read_json(path)
    except FileNotFoundError:
        return None
    except UserError as error:
        raise UserError(f"{error}; {way_out}") from None
    if not isinstance(provenance, dict) or "commit_llm" not in provenance:
        return None
    if stages not in provenance or DOCUMENTS not in provenance:
        return UNKNOWN
    try:
        documents = provenance[DOCUMENTS]
        return History(
            None if provenance[stages] is None else _stages(provenance[stages]),
            None if documents is None else document_hashes.from_json(documents),
        )
    except (ValueError, OverflowError) as error:
        raise UserError(f"{path}: malformed ({error}); {way_out}") from None


def _stages(entry: Any) -> list[Stage]:
    if not isinstance(entry, list):
        raise ValueError("the stages of training are no list")
    return [_stage(stage, f"stage {number}") for number, stage in enumerate(entry, 1)]


def _stage(entry: Any, name: str) -> Stage:
    """Take the fields of a stage that COMMIT writes; raise ValueError where one is not of its type."""
    if not isinstance(entry, dict):
        raise ValueError(f"{name} is not an object")
    right = {key: isinstance(entry.get(key), str) for key in TEXTS}
    right["ratio"] = is_written_ratio(entry.get("ratio"))
    right |= {key: type(entry.get(key)) is int for key in COUNTS}
    if WAYS in entry:
        right[WAYS] = isinstance(entry[WAYS], str)
    if wrong := [key for key in right if not right[key]]:
        raise ValueError(f"{name} has no {wrong[0]}, or one of another type")
    return {key: entry[key] for key in right}
