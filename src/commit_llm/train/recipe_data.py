"""The data and the model that a recipe names, opened; whatever the user got wrong in them is found here."""

import dataclasses
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.loader import held_out_batches, open_batches, training_documents
from commit_llm.data.opened_prompt import Prompt, open_prompt
from commit_llm.data.opened_sources import load_source, open_sources
from commit_llm.data.packing.batch import Batch, Packer
from commit_llm.data.training_mixer import fit_mixer, make_mixer
from commit_llm.errors import UserError
from commit_llm.files.hub_data import HubRecords
from commit_llm.recipes import Recipe, data_files_of
from commit_llm.train.model_source import ModelSource, open_model

LOGGER = logging.getLogger("commit_llm")


# What came from the hub, "model" and "data", as provenance.json describes it.
FromHub = dict[str, dict[str, Any]]


class RecipeData(NamedTuple):
    """Hold what a recipe trains on.

    recipe: with the ratio that gives the amount of mixing it asks for, and with a bos always or never.
    batches: those of training, from the first.
    held_out: those of the held-out examples.
    documents: hashes the texts of the data, all of them (data/document_hashes.py), so call it where a run is made.
    makes: make the examples of the batches, of each source.
    prompt: of instructions and conversations.
    """

    recipe: Recipe
    batches: Packer
    held_out: list[Batch]
    documents: Callable[[], np.ndarray]
    makes: list[ExampleMaker]
    prompt: Prompt

    @property
    def languages(self) -> list[str]:
        """Give the codes of the languages that are mixed, as far as dictionaries and sentences tell them."""
        mixers = [make.mixer for make in self.makes if make.mixer is not None]
        directions = mixers[0].vocabulary.all_directions if mixers else ()
        codes = [code for source, target, *_ in directions for code in (source, target) if code]
        return list(dict.fromkeys(codes))


def open_recipe_batches(recipe: Recipe, source: ModelSource) -> RecipeData:
    """Open the data of a recipe, for a model's tokenizer and its greatest sequence length."""
    recipe.check_seq_len(source.config.max_position_embeddings)
    mixer = make_mixer(recipe)
    prompt = open_prompt(recipe, source.tokenizer, source.stops)
    makes = open_sources(recipe, source.tokenizer, mixer, partial(load_source, recipe), prompt)
    recipe = dataclasses.replace(recipe, bos=source.tokenizer.resolved_bos)
    if mixer is not None and recipe.asks_for_amount:
        fit = fit_mixer([make for make in makes if make.mixer is not None], mixer, recipe)
        # The recipe keeps the ratio: another run with it mixes in the same way, whatever its data.
        recipe = dataclasses.replace(recipe, ratio=fit.ratio, target_share=None, target_cmi=None)
        makes = [
            dataclasses.replace(make, mixer=make.mixer.with_ratio(fit.ratio)) if make.mixer else make for make in makes
        ]
        LOGGER.info("mixing: asked for %g, reached %.4g at ratio %g", fit.requested, fit.reached, fit.ratio)
    documents = partial(training_documents, recipe, *makes)
    return RecipeData(recipe, open_batches(recipe, *makes), held_out_batches(recipe, *makes), documents, makes, prompt)


def from_hub(source: ModelSource, data: RecipeData) -> FromHub:
    """Describe what came from the hub: the model's commit; the data's, with a fingerprint and the number of records."""
    described: FromHub = {}
    if source.commit is not None:
        described["model"] = {"commit": source.commit}
    roles = [role for role, _ in data_files_of(data.recipe)]
    for role, make in zip(roles, data.makes, strict=True):
        if isinstance(make.records, HubRecords):
            described[role] = make.records.describe()
    return described


def pinned(recipe: Recipe, described: FromHub) -> Recipe:
    """Give a recipe with the commits of what came from the hub as its revisions; another run with it has the same."""
    commits = {role: entry["commit"] for role, entry in described.items() if entry["commit"] is not None}
    of_data = [commit for role, commit in commits.items() if role != "model"]
    revisions = {"model_revision": commits["model"]} if "model" in commits else {}
    if len(of_data) == 1:  # several have no field for it; a run goes on with the same records of them, or not at all
        revisions["data_revision"] = of_data[0]
    return dataclasses.replace(recipe, **revisions)


def open_recipe_model(recipe: Recipe, *, weights: bool = True) -> ModelSource:
    """Open the model that a recipe names."""
    if recipe.model is None:
        raise UserError("no model; name a model folder, a hub id or a run directory with --model")
    return open_model(
        recipe.model,
        recipe.tokenizer,
        revision=recipe.model_revision,
        weights=weights and not recipe.from_scratch,
        bos=recipe.bos,
        sentencepiece_first=recipe.behaviour == "original",
        stops=recipe.stop,
    )


def resolve_steps(recipe: Recipe, batches: Packer, *, count: bool = True) -> Recipe:
    """Turn --epochs into steps, by making every batch once: mixing decides how many tokens there are.

    count: False for a run that goes on: its recipe has the steps already.

    Leaves the batches at their first one. Raises UserError where the data does not fill a batch.
    """
    start = batches.get_state()
    next(batches)  # data too short for one batch is refused here, also where no epochs are asked for
    batches.set_state(start)
    if recipe.epochs is None or not count:
        recipe.check_schedule()
        return recipe
    LOGGER.info("counting the steps of --epochs %d, by making each example once", recipe.epochs)
    steps = batches.count(recipe.epochs * batches.examples.num_records)
    batches.set_state(start)
    resolved = dataclasses.replace(recipe, steps=steps)
    resolved.check_schedule()
    return resolved
