"""How often a training goes through its data: hundreds of passes over a little text are seldom meant."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

from commit_llm.data.loader import training_examples
from commit_llm.data.packing.interleaving import InterleavedExamples
from commit_llm.data.packing.row_fit import RowFit, row_fit
from commit_llm.train.recipe_data import RecipeData

LOGGER = logging.getLogger("commit_llm")
MOST_PASSES = 50
LOOKED_AT = 200  # examples of which the places of all are estimated


class Passes(NamedTuple):
    """Say how often a training goes through the examples of a source."""

    name: str
    examples: int
    number: float


def warn_of_many_passes(data: RecipeData) -> None:
    """Warn of the source that most passes go over, where they are more than MOST_PASSES."""
    most = max(passes_over(data), key=lambda passes: passes.number, default=None)
    if most is None or most.number <= MOST_PASSES:
        return
    a_pass = f"{data.recipe.steps / most.number:,.3g} are one pass"
    way = f"--steps ({a_pass})" if data.recipe.epochs is None else "--epochs"
    number, examples = f"{most.number:,.0f}", f"{most.examples:,}"
    LOGGER.warning(
        "%s: training goes about %s times through its %s examples; lower %s, or give more data",
        most.name, number, examples, way,
    )  # fmt: skip


def passes_over(data: RecipeData) -> Iterator[Passes]:
    """Estimate the passes over each source, from the first examples; none where none of these has a place in a row."""
    recipe = data.recipe
    order = training_examples(recipe, *data.makes)
    places = []
    for position in range(min(LOOKED_AT, order.num_records)):
        source, epoch, index, place = order.where(position)
        example = data.makes[source](epoch, index, place)
        is_in = row_fit(example, recipe.seq_len) is not RowFit.LEFT_OUT
        places.append(data.batches.places(example) if is_in else 0)
    if not sum(places):
        return
    drawn = recipe.steps * recipe.batch_size * recipe.seq_len * len(places) / sum(places)
    total = sum(make.source.weight for make in data.makes)
    orders = order.sources if isinstance(order, InterleavedExamples) else [order]
    for make, own in zip(data.makes, orders, strict=True):
        yield Passes(make.source.name, own.num_records, float(make.source.weight / total) * drawn / own.num_records)
