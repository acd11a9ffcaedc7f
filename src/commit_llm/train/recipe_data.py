"""The data and the model that a recipe names, opened; whatever the user got wrong in them is found here."""

import dataclasses
import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from commit_llm.data.loader import (
    ExampleMaker,
    Observer,
    documents_of,
    fit_mixer,
    held_out_batches,
    make_mixer,
    open_batches,
)
from commit_llm.data.packing import Batch, FirstFitPacker, StreamPacker
from commit_llm.errors import UserError
from commit_llm.files.records import load_data
from commit_llm.recipes import Recipe
from commit_llm.train.weights import ModelSource, open_model

LOGGER = logging.getLogger("commit_llm")


class RecipeData(NamedTuple):
    """What a recipe trains on: batches from the first, and those of its held-out examples.

    recipe: with the ratio that gives the amount of mixing it asks for. documents: hashes the texts of the data, all of
    them (data/document_hashes.py), so it is asked for where a run is made.
    """

    recipe: Recipe
    batches: StreamPacker | FirstFitPacker
    held_out: list[Batch]
    documents: Callable[[], np.ndarray]


def open_recipe_batches(recipe: Recipe, source: ModelSource, observer: Observer | None = None) -> RecipeData:
    """The data of a recipe. The observer is told of every example that the batches are made of."""
    if recipe.data is None:
        raise UserError("no training data; name a file or a hub data set with --data")
    recipe.check_seq_len(source.config.max_position_embeddings)
    mixer = make_mixer(recipe)
    records = load_data(recipe.data, recipe.data_config, recipe.data_split)
    if mixer is not None and recipe.asks_for_amount:
        found = fit_mixer(ExampleMaker(recipe, records, source.tokenizer, None), mixer, recipe)
        # The recipe keeps what was found: another run with it mixes in the same way, whatever its data.
        mixer, ratio = found.mixer, found.mixer.settings.ratio
        recipe = dataclasses.replace(recipe, ratio=ratio, target_share=None, target_cmi=None)
        LOGGER.info("mixing: asked for %g, reached %.4g at ratio %g", found.requested, found.reached, recipe.ratio)
    given = (recipe, records, source.tokenizer, mixer)
    documents = partial(documents_of, recipe, records)
    return RecipeData(recipe, open_batches(*given, observer), held_out_batches(*given), documents)


def open_recipe_model(recipe: Recipe, *, weights: bool = True) -> ModelSource:
    """The model that a recipe names."""
    if recipe.model is None:
        raise UserError("no model; name a model folder, a hub id or a run directory with --model")
    return open_model(recipe.model, recipe.tokenizer, weights=weights and not recipe.from_scratch)


def resolve_steps(recipe: Recipe, batches: StreamPacker | FirstFitPacker) -> Recipe:
    """Turn --epochs into steps, by making every batch once: mixing decides how many tokens there are.

    batches are left at their first one. Raises UserError where the data does not fill a batch.
    """
    start = batches.get_state()
    next(batches)  # data too short for one batch is told here, also where no epochs are asked for
    batches.set_state(start)
    if recipe.epochs is None:
        recipe.check_schedule()
        return recipe
    steps = batches.count(recipe.epochs)
    batches.set_state(start)
    resolved = dataclasses.replace(recipe, steps=steps)
    resolved.check_schedule()
    return resolved
