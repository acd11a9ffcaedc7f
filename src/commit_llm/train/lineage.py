"""The history of a model, read from where the model lies: a run, or a folder that `export` made."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm.data.document_hashes import merge
from commit_llm.data.prompt_flags import CHAT
from commit_llm.files.provenance import public_name
from commit_llm.files.training_data import is_file
from commit_llm.parallel.processes import is_first
from commit_llm.recipes import Recipe, load_recipe
from commit_llm.runs.history import BEFORE, NOTHING, TRAINING, UNKNOWN, WAYS, History, Stage, read_history
from commit_llm.runs.run import CONFIG, PROVENANCE, SOURCES, read_provenance
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.model_source import ModelSource

LOGGER = logging.getLogger("commit_llm")


def history_of(source: ModelSource, step: int | None = None) -> History | None:
    """Read what a model was trained on; None where it is from elsewhere.

    Of an adapter from elsewhere nobody knows what it was trained on: what is known is that of its base.

    step: of the checkpoint of a run; None is the newest.

    Raises UserError where the model's provenance.json is malformed, or the run has no such checkpoint.
    """
    if source.run is None:
        return read_history(source.folder / PROVENANCE, TRAINING) if source.adapter is None else _of_adapter(source)
    history = read_history(source.run / PROVENANCE, BEFORE) or UNKNOWN
    stages = None if history.stages is None else [*history.stages, stage(source.run, step)]
    return History(stages, history.documents)


def _of_adapter(source: ModelSource) -> History | None:
    """Read what an adapter was trained on, with its base; where its folder does not say, that of the base alone."""
    assert source.adapter is not None
    if (own := read_history(source.adapter.folder / PROVENANCE, TRAINING)) is not None:
        return own
    of_base = read_history(source.folder / PROVENANCE, TRAINING)
    if of_base is not None and is_first():
        LOGGER.warning(
            "%s: an adapter from elsewhere; what it was trained on is not known, and what is said of its training is "
            "that of its base, %s",
            source.name,
            source.adapter.base,
        )
    return of_base


def begun(before: History | None, documents: np.ndarray) -> History:
    """Give what a new run keeps: the stages of the model it starts from, and that model's documents with its own.

    before: of the model; None for one from elsewhere, of which there is nothing to keep.

    Where the documents of the model are unknown, those of the run are unknown too.
    """
    stages, earlier = NOTHING if before is None else before
    return History(stages, None if earlier is None else merge(earlier, documents))


def stage(run: Path, step: int | None = None) -> Stage:
    """Describe what a run has done up to a checkpoint."""
    recipe = load_recipe(run / CONFIG)
    with Checkpoints(run) as checkpoints:
        step, examples, tokens = checkpoints.seen(step)
    ways = [*[f"{recipe.sentence_ratio:g} of sentences"] * recipe.mixes_sentences, *ways_of(recipe)]
    return {
        "data": data_name(recipe),
        "form": " and ".join(forms_of(recipe, read_provenance(run))),
        "behaviour": recipe.behaviour,
        "ratio": list(recipe.ratio) if isinstance(recipe.ratio, tuple) else recipe.ratio,
        "seed": recipe.seed,
        "steps": step,
        "examples": examples,
        "tokens": tokens,
        **({WAYS: ", ".join(ways)} if ways else {}),
    }


def ways_of(recipe: Recipe) -> list[str]:
    """Say how a recipe mixes words and sentences, where it is not the usual way."""
    return [
        *["translations behind the words"] * (recipe.mixes and recipe.surface == "annotate"),
        *[f"translations by their frequency in {', '.join(map(public_name, recipe.target_text))}"]
        * (recipe.mixes and recipe.choice == "frequent"),
        *["one language an example"] * (recipe.mixes and recipe.draw_language == "example"),
    ]


def data_name(recipe: Recipe) -> str:
    """Give the file's name without its folder, or the hub's id, with its configuration; of several, with its share."""
    sources = recipe.sources
    total = sum(source.weight for source in sources)
    names = []
    for source in sources:
        name = public_name(source.name)
        if recipe.data_config and (len(sources) == 1 or not is_file(source.name)):
            name += f" {recipe.data_config}"
        if len(sources) > 1:
            name += f" {100 * float(source.weight / total):.3g} %{'' if source.mixed else ' unmixed'}"
        names.append(name)
    return ", ".join(names)


def forms_of(recipe: Recipe, provenance: Mapping[str, Any]) -> list[str]:
    """Give the forms of a run's data, each once. provenance: of the run; it has those that columns told."""
    sources = provenance.get(SOURCES)
    forms = [source.get("form") for source in sources if isinstance(source, dict)] if isinstance(sources, list) else []
    return list(dict.fromkeys(form for form in forms if isinstance(form, str))) or [_form(recipe)]


def _form(recipe: Recipe) -> str:
    return CHAT if recipe.form == "instruction" and recipe.prompt == CHAT else recipe.form
