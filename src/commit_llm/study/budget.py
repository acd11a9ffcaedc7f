"""How many steps an arm takes to be trained on as much as the others: its batches are made and counted beforehand."""

from dataclasses import replace

from commit_llm.data.packing.batch import Batch
from commit_llm.recipes import Recipe
from commit_llm.study.study_file import Amount
from commit_llm.train.recipe_data import RecipeData


def with_sample(recipe: Recipe, equal: Amount | None) -> Recipe:
    """Give a recipe that sees the examples that are held equal, and no others of the first source of its data."""
    is_examples = equal is not None and equal.unit == "examples"
    return replace(recipe, max_train_samples=equal.number) if equal and is_examples else recipe


def steps_for(data: RecipeData, equal: Amount) -> int:
    """Count the steps of an arm by making its batches. They are left at the first one.

    Examples: those of one pass over the sample of `with_sample`, whatever stands beside it. Tokens: steps until as
    many were seen; data that has fewer is passed over again. Supervised tokens: those that are trained.
    """
    batches, start = data.batches, data.batches.get_state()
    if equal.unit == "examples":
        steps = batches.count(batches.examples.first_source_epoch)
    else:
        reached = steps = 0
        while reached < equal.number:
            reached += _tokens(next(batches), equal)
            steps += 1
    batches.set_state(start)
    return steps


def in_one_pass(data: RecipeData, equal: Amount) -> int:
    """Count the tokens of one pass over the data, as far as the amount. The batches are left at the first one."""
    batches, start = data.batches, data.batches.get_state()
    steps = batches.count(batches.examples.num_records)
    batches.set_state(start)
    reached = 0
    for _ in range(steps):
        reached += _tokens(next(batches), equal)
        if reached >= equal.number:
            break
    batches.set_state(start)
    return reached


def _tokens(batch: Batch, equal: Amount) -> int:
    places = batch["segment_ids"] > 0 if equal.unit == "tokens" else batch["loss_masks"]
    return int(places.sum())
