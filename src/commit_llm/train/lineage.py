"""What a model was trained on, read from where the model lies: a run of ours, a folder exported by us."""

from pathlib import Path

import numpy as np

from commit_llm.data.document_hashes import merge
from commit_llm.files.provenance import public_name
from commit_llm.recipes import Recipe, load_recipe
from commit_llm.runs.history import BEFORE, NOTHING, TRAINING, UNKNOWN, History, Stage, read_history
from commit_llm.runs.run import CONFIG, PROVENANCE
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.weights import ModelSource


def history_of(source: ModelSource, step: int | None = None) -> History | None:
    """What a model was trained on, by us; step is the checkpoint of a run, by default the newest. None where the
    model is from elsewhere.

    Raises UserError where its provenance.json is malformed, or a run has no such checkpoint.
    """
    if source.run is None:
        return read_history(source.folder / PROVENANCE, TRAINING)
    held = read_history(source.run / PROVENANCE, BEFORE) or UNKNOWN
    return History(None if held.stages is None else [*held.stages, stage(source.run, step)], held.documents)


def begun(before: History | None, documents: np.ndarray) -> History:
    """What a new run keeps: the stages of the model it starts from, and that model's documents with its own.

    Of a model from elsewhere (None) there are none to keep; of one of ours whose documents are not known, theirs are
    not known either.
    """
    stages, earlier = NOTHING if before is None else before
    return History(stages, None if earlier is None else merge(earlier, documents))


def stage(run: Path, step: int | None = None) -> Stage:
    """What a run has done up to a checkpoint."""
    recipe = load_recipe(run / CONFIG)
    with Checkpoints(run) as checkpoints:
        step, progress = checkpoints.progress(step)
    return {
        "data": data_name(recipe),
        "form": recipe.form,
        "behaviour": recipe.behaviour,
        "ratio": recipe.ratio,
        "seed": recipe.seed,
        "steps": step,
        "examples": progress["data"]["position"],
        "tokens": progress["tokens"],
    }


def data_name(recipe: Recipe) -> str:
    """The file's name without its folder, or the hub's id, with its configuration."""
    name = public_name(recipe.data or "")
    return f"{name} {recipe.data_config}" if recipe.data_config else name
