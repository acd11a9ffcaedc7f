"""What a model was trained on, as provenance.json keeps it: the stages of its training, and its documents."""

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from commit_llm.data import document_hashes as of_documents
from commit_llm.errors import UserError

Stage = dict[str, Any]
BEFORE, TRAINING, DOCUMENTS = "trained_before", "training", "documents"
TEXTS = ("data", "form", "behaviour")
COUNTS = ("seed", "steps", "examples", "tokens")


class History(NamedTuple):
    """stages, oldest first: data (its name without its folder), form, behaviour, ratio, seed, steps, examples that came
    up, tokens. documents: the hashes of all texts of their data, uint64, sorted. None where they are not known.
    """

    stages: list[Stage] | None
    documents: np.ndarray | None

    def to_json(self, stages: str) -> dict[str, Any]:
        """The two entries of provenance.json; stages is the name of the first."""
        known = None if self.documents is None else of_documents.to_json(self.documents)
        return {stages: self.stages, DOCUMENTS: known}


UNKNOWN = History(None, None)
NOTHING = History([], np.zeros(0, np.uint64))  # of random weights


def read_history(path: Path, stages: str) -> History | None:
    """What a provenance.json says; stages is the name of their entry: BEFORE of a run, TRAINING of an export.

    None where it is not ours; UNKNOWN where it is of a version that kept none. It may come with a model from
    anywhere: raises UserError where it is malformed.
    """
    way_out = "export the model again, or take the file away, and what it was trained on is not known"
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        raise UserError(f"{path}: malformed JSON; {way_out}") from None
    if not isinstance(held, dict) or "commit_llm" not in held:
        return None
    if stages not in held or DOCUMENTS not in held:
        return UNKNOWN
    try:
        known = None if held[DOCUMENTS] is None else of_documents.from_json(held[DOCUMENTS])
        return History(None if held[stages] is None else _stages(held[stages]), known)
    except ValueError as error:
        raise UserError(f"{path}: malformed ({error}); {way_out}") from None


def _stages(held: Any) -> list[Stage]:
    if not isinstance(held, list):
        raise ValueError("the stages of training are no list")
    return [_stage(stage, f"stage {number}") for number, stage in enumerate(held, 1)]


def _stage(held: Any, name: str) -> Stage:
    """The entries of a stage that we know, each of its type."""
    if not isinstance(held, dict):
        raise ValueError(f"{name} is no object")
    right = {key: isinstance(held.get(key), str) for key in TEXTS}
    right["ratio"] = type(held.get("ratio")) in (int, float) and math.isfinite(held["ratio"])
    right |= {key: type(held.get(key)) is int for key in COUNTS}
    if wrong := [key for key in right if not right[key]]:
        raise ValueError(f"{name} has no {wrong[0]}, or one of another type")
    return {key: held[key] for key in right}
