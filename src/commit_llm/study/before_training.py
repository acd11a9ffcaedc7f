"""What is asked of the data of all trials before the first is trained: enough of it, and no text of the questions."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from commit_llm.data.document_hashes import hash_texts
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.packing.example_order import training_indices
from commit_llm.errors import UserError
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.recipes import Recipe
from commit_llm.study.budget import in_one_pass, with_sample
from commit_llm.study.study_file import Amount, Study
from commit_llm.study.trial_run import Conduct, data_dir, open_stage
from commit_llm.study.trials import Trial, trials_of
from commit_llm.train.recipe_data import RecipeData, open_recipe_batches, open_recipe_model

OF_DATA = ("seed", "mix_roles")  # flags of mixing that say what the data are, too


def require_data(study: Study, trials: Sequence[Trial], how: Conduct) -> None:
    """Raise UserError where a stage cannot be, has too little data, or is trained on what the trial is asked about.

    trials: those that are to be done.
    """
    for trial in trials:
        for recipe in trial.stages:
            replace(recipe, model=study.model).check()
    if study.equal is not None and study.equal.unit == "examples":
        _require_examples(study, trials, study.equal.number)
    elif study.equal is not None and trials:
        _require_tokens(study, trials_of(study, how.root), study.equal)
    if not how.allow_contamination:
        _require_unseen(study, trials, how)


def _unmixed(recipe: Recipe, model: str) -> Recipe:
    """Give a recipe of the same data without mixing: it opens sooner, and equals those that differ in mixing alone."""
    plain = MixingFlags(ratio=0.0)
    mixing = {name: getattr(plain, name) for name in MixingFlags.__dataclass_fields__ if name not in OF_DATA}
    return replace(recipe, model=model, **mixing)


def _open(stage: Recipe) -> RecipeData:
    return open_recipe_batches(stage, open_recipe_model(stage, weights=False))


def _require_examples(study: Study, trials: Sequence[Trial], wanted: int) -> None:
    """Raise UserError where the last stage of a trial has fewer examples in its first source."""
    numbers: dict[Recipe, int] = {}
    for trial in trials:
        for recipe in trial.stages[-1:]:
            stage = replace(_unmixed(recipe, study.model), seed=0)  # which does not change how many there are
            if stage not in numbers:
                records = _open(stage).makes[0].records
                numbers[stage] = len(training_indices(stage.held_out_share, stage.seed, len(records)))
            if numbers[stage] < wanted:
                raise UserError(
                    f"equal: examples {wanted:,}: {trial} has {numbers[stage]:,} in its first source; ask for less, or "
                    "give more data"
                )


def _require_tokens(study: Study, trials: Sequence[Trial], equal: Amount) -> None:
    """Raise UserError where no arm of the study is trained as much as is held equal in one pass over its data."""
    most, of = 0, ""
    first_of_arms = {trial.arm: trial for trial in reversed(trials) if trial.stages}
    for arm, trial in reversed(first_of_arms.items()):
        reached = in_one_pass(open_stage(study, trial.stages[-1], study.model)[1], equal)
        if reached >= equal.number:
            return
        if reached > most:
            most, of = reached, arm
    if first_of_arms:
        raise UserError(
            f"equal: {equal.unit} {equal.number:,}: no arm has as many in one pass over its data; {of} has most, "
            f"{most:,}; ask for less, or give more data"
        )


def _require_unseen(study: Study, trials: Sequence[Trial], how: Conduct) -> None:
    """Raise UserError where a context of a trial's questions is among the texts of one of its stages."""
    hashes: dict[Recipe, np.ndarray] = {}
    contexts: dict[str, np.ndarray] = {}
    for name in dict.fromkeys(name for trial in trials for name in trial.tasks):
        questions = load_questions(find_task(name), data_dir(study, how.root), study.limit)
        contexts[name] = hash_texts({question.context for question in questions})
    for trial in trials:
        stages = [_unmixed(recipe, study.model) for recipe in trial.stages]
        stages[-1:] = [with_sample(stage, study.equal) for stage in stages[-1:]]
        for stage in stages:
            if stage not in hashes:
                hashes[stage] = _open(stage).documents()
            for name in trial.tasks:
                if count := int(np.isin(contexts[name], hashes[stage]).sum()):
                    raise UserError(
                        f"{trial}: its training data has {count} of the {len(contexts[name])} contexts of {name}; take "
                        "other data, or --allow-contamination"
                    )
