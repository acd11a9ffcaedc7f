"""What LoRA trains whole beside a base whose vocabulary has grown, where the recipe does not say it."""

from collections.abc import Mapping
from dataclasses import replace

from commit_llm.convert.grown_vocabulary import VOCABULARY, read_grown_vocabulary
from commit_llm.convert.peft_names import SAVED_FLAG, module_names
from commit_llm.errors import UserError
from commit_llm.recipes import Recipe
from commit_llm.train.model_source import FoundModel, ModelSource
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.estimate import GIB


def saving_grown_rows(recipe: Recipe, base: FoundModel | ModelSource) -> Recipe:
    """Give a recipe of LoRA that trains the rows of new pieces too, where it leaves open what is trained whole.

    Such a row is a guess (`tokenizer extend`), and it would stay one where the embedding is frozen. A run that goes on
    is not asked about: its recipe has what this came to when it began.

    Raises UserError for a malformed grown_vocabulary.json.
    """
    if recipe.lora_r is None or recipe.modules_to_save:
        return recipe
    return replace(recipe, modules_to_save=modules_with_grown_rows(base))


def modules_with_grown_rows(base: FoundModel | ModelSource) -> tuple[str, ...]:
    """Give PEFT's names of what holds rows that were never trained; none where the vocabulary has not grown.

    Runs and exports of ours have no grown_vocabulary.json: their rows were trained, or somebody did not want it.
    """
    if base.adapter is not None and "embedding" in base.adapter.adapter.saved:
        return ()
    try:
        grown = read_grown_vocabulary(base.folder, base.config.vocab_size)
    except UserError as error:
        raise UserError(f"{error}; with {SAVED_FLAG} it is not read (none: nothing is trained whole)") from None
    if grown is None:
        return ()
    return tuple(module_names(["embedding"] if base.config.tie_word_embeddings else ["embedding", "head"]))


def describe_grown_rows(recipe: Recipe, conditions: Conditions, mesh: Mapping[str, int]) -> str:
    """Say in a line for the user what is trained whole unasked, why, what it costs, and how to do without.

    recipe: one that `saving_grown_rows` has changed.
    """
    needed = [conditions.estimate_on(one, mesh).needed for one in (recipe, recipe.saving_none())]
    names = " and ".join(recipe.modules_to_save)
    return (
        f"the base has rows of new pieces ({VOCABULARY}), which are guesses until they are trained: so {names} "
        f"{'is' if len(recipe.modules_to_save) == 1 else 'are'} trained whole, {(needed[0] - needed[1]) / GIB:.2g} GiB "
        f"more on each device by arithmetic; {SAVED_FLAG} none does without"
    )
