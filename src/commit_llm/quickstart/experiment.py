"""The experiment: one base model from scratch, tuned three ways on the same English questions, and asked."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from commit_llm.evaluate.runner import OnAnswers
from commit_llm.evaluate.tasks import find_task
from commit_llm.pipeline import run_chain
from commit_llm.quickstart.example import DICTIONARY_FILE, INSTRUCTIONS, MODEL, TEXTS
from commit_llm.quickstart.measure import ENGLISH_TASK, GREEK_TASK, ArmScores, measure
from commit_llm.recipes import Recipe, find_recipe
from commit_llm.runs.chain import EVALUATION
from commit_llm.train.loop import train
from commit_llm.train.stepping import StepReport
from commit_llm.train.stop import Reason

EXAMPLE, BASE = "example", "base"
ARMS = ("alpaca", "codemix-naive", "commit")


@dataclass(frozen=True)
class ExperimentSettings:
    """Describe how the models are trained. All else is as in the recipes.

    base_*: of the base model.
    steps, warmup_steps: optimizer steps.
    rows: of a step.
    seq_len: tokens a row.
    """

    base_steps: int = 1500
    base_learning_rate: float = 5e-3
    base_rows: int = 8
    base_seq_len: int = 128
    steps: int = 600
    learning_rate: float = 2e-3
    rows: int = 32
    seq_len: int = 72
    warmup_steps: int = 30
    questions_at_a_time: int = 60


SETTINGS = ExperimentSettings()


@dataclass(frozen=True)
class Watcher:
    """Hold what is called as the experiment goes on.

    training, answering: give the function that follows the progress of a stage.
    finished: called with a stage and its seconds.
    """

    training: Callable[[str], StepReport] = lambda stage: lambda step, steps, logged: None
    answering: Callable[[str], OnAnswers] = lambda stage: lambda task, answered, total: None
    finished: Callable[[str, float], None] = lambda stage, seconds: None


@dataclass(frozen=True)
class Experiment:
    """Hold the scores, by arm. Some arms are missing where training was stopped."""

    arms: dict[str, ArmScores] = field(default_factory=dict)
    stopped: Reason | None = None


def base_recipe(out: Path, seed: int, settings: ExperimentSettings) -> Recipe:
    """Make the recipe of the base model: language modelling of the example's texts, from random weights."""
    return replace(
        small(find_recipe("clm-naive"), seed, settings),
        model=str(out / EXAMPLE / MODEL),
        data=str(out / EXAMPLE / TEXTS),
        from_scratch=True,
        steps=settings.base_steps,
        learning_rate=settings.base_learning_rate,
        batch_size=settings.base_rows,
        seq_len=settings.base_seq_len,
    )


def arm_recipe(arm: str, out: Path, seed: int, settings: ExperimentSettings) -> Recipe:
    """Make the recipe of one way of tuning the base model. They differ in the recipe's mixing alone."""
    recipe = find_recipe(arm)
    return replace(
        small(recipe, seed, settings),
        model=str(out / BASE),
        data=str(out / EXAMPLE / INSTRUCTIONS),
        dictionary=(str(out / EXAMPLE / DICTIONARY_FILE),) if recipe.ratio else (),
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        batch_size=settings.rows,
        seq_len=settings.seq_len,
    )


def small(recipe: Recipe, seed: int, settings: ExperimentSettings) -> Recipe:
    """Change a recipe for a model this small: it cannot spare width for a dropout, and fits without recomputation."""
    changes: dict[str, Any] = {"embd_pdrop": 0.0, "resid_pdrop": 0.0, "fcm_max_ratio": 0.0, "remat": "none"}
    return replace(recipe, **changes, warmup_steps=settings.warmup_steps, seed=seed)


def run_experiment(out: Path, seed: int, settings: ExperimentSettings, watcher: Watcher) -> Experiment:
    """Train, export and ask all models, on the example that stands in `out/example`."""
    began = time.perf_counter()
    stopped = train(base_recipe(out, seed, settings), out / BASE, watcher.training(BASE)).stopped
    if stopped is not None:
        return Experiment({}, stopped)
    watcher.finished(BASE, time.perf_counter() - began)
    scores: dict[str, ArmScores] = {}
    for arm in ARMS:
        began = time.perf_counter()
        chain = run_chain(
            arm_recipe(arm, out, seed, settings),
            out / arm,
            [find_task(GREEK_TASK), find_task(ENGLISH_TASK)],
            data_dir=str(out / EXAMPLE),
            batch_size=settings.questions_at_a_time,
            on_step=watcher.training(arm),
            on_answers=watcher.answering(arm),
        )
        if chain.trained.stopped is not None:
            return Experiment(scores, chain.trained.stopped)
        scores[arm] = measure(out / arm / EVALUATION)
        watcher.finished(arm, time.perf_counter() - began)
    return Experiment(scores)
