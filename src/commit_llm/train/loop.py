"""The one loop: every recipe runs through it, and a run that was stopped goes on in it."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple

import jax

from commit_llm.data.files import refuse_existing
from commit_llm.data.loader import prefetched
from commit_llm.data.packing import FirstFitPacker, StreamPacker
from commit_llm.errors import UserError
from commit_llm.model.parameters import Parameters
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.prepare import Training, open_recipe_batches, open_recipe_model, prepare, resolve_steps
from commit_llm.train.recipes import Recipe
from commit_llm.train.run_directory import METRICS, TIMING, create_run, cut_back, is_run, require_same_recipe
from commit_llm.train.step import Metrics, TrainState
from commit_llm.train.weights import fresh_params, load_params


class Logged(NamedTuple):
    """A line of metrics.jsonl. step counts from 1; tokens are those seen so far, padding left out."""

    step: int
    loss: float
    accuracy: float
    learning_rate: float
    grad_norm: float
    tokens: int


class Outcome(NamedTuple):
    """What a call of `train` did: from step first (0 for a new run) to last; first == last: all was done.

    left_out examples were longer than a row; rows of longest tokens would have kept them.
    """

    first: int
    last: int
    left_out: int = 0
    longest: int = 0


# Called after every step with (step, of how many) and, where the step was logged, its line.
Report = Callable[[int, int, Logged | None], None]


def train(recipe: Recipe, run: Path, report: Report = lambda step, steps, logged: None) -> Outcome:
    """Train to the last step, or go on from the run's newest checkpoint, or find that all is done.

    Nothing is written before the model, the data and the recipe were found to be usable.
    """
    recipe.check()
    new = not is_run(run)
    if new:
        refuse_existing(run)
    source = open_recipe_model(recipe)
    batches = open_recipe_batches(recipe, source)
    recipe = resolve_steps(recipe, batches)
    training = prepare(recipe, source)
    if new:
        params, weights_dtype = _first_params(training)
        create_run(run, recipe, source.config, source.tokenizer.path, weights_dtype)
    else:
        require_same_recipe(run, recipe)
    with Checkpoints(run, recipe.keep_checkpoints) as checkpoints:
        start, tokens = max(checkpoints.steps(), default=0), 0
        if start:
            state, tokens = _restore(checkpoints, start, training, batches)
        else:  # a run may have been killed before its first checkpoint
            state = training.place(params if new else _first_params(training)[0])
        if start < recipe.steps:
            _train_steps(training, checkpoints, batches, state, start, tokens, report)
    if isinstance(batches, FirstFitPacker):
        return Outcome(start, recipe.steps, batches.left_out, batches.longest)
    return Outcome(start, recipe.steps)


def _first_params(training: Training) -> tuple[Parameters, str]:
    shardings = training.state_shardings.params
    if training.recipe.from_scratch:
        return fresh_params(training.source, shardings, training.recipe.seed)
    return load_params(training.source, shardings)


def _restore(
    checkpoints: Checkpoints, step: int, training: Training, batches: StreamPacker | FirstFitPacker
) -> tuple[TrainState, int]:
    state, progress = checkpoints.restore(step, training.abstract_state())
    batches.set_state(progress["data"])
    return state._replace(step=jax.device_put(step, training.state_shardings.step)), progress["tokens"]


def _train_steps(
    training: Training,
    checkpoints: Checkpoints,
    batches: StreamPacker | FirstFitPacker,
    state: TrainState,
    start: int,
    tokens: int,
    report: Report,
) -> None:
    recipe, run = training.recipe, checkpoints.run
    for name in (METRICS, TIMING):
        cut_back(run / name, start)
    with (
        prefetched(batches) as upcoming,
        (run / METRICS).open("a", encoding="utf-8") as metrics_file,
        (run / TIMING).open("a", encoding="utf-8") as timing_file,
    ):
        clock, counted = time.perf_counter(), tokens
        for step in range(start + 1, recipe.steps + 1):
            batch = next(upcoming)
            tokens += int((batch["segment_ids"] > 0).sum())
            state, metrics = training.step(state, jax.device_put(batch, training.batch_sharding))
            logged = None
            if step in (1, recipe.steps) or step % recipe.log_every == 0:
                logged = _logged(step, tokens, metrics, training)
                if not math.isfinite(logged.loss):
                    raise UserError(f"{run}: the loss of step {step} is {logged.loss}; lower --learning-rate")
                _write_line(metrics_file, logged._asdict())
                seconds = time.perf_counter() - clock
                speed = {"seconds": seconds, "tokens_per_second": (tokens - counted) / seconds}
                _write_line(timing_file, {"step": step, **speed})
                clock, counted = time.perf_counter(), tokens
            if step == recipe.steps or step % recipe.checkpoint_every == 0:
                checkpoints.save(state, {"data": upcoming.get_state(), "tokens": tokens})
            report(step, recipe.steps, logged)


def _logged(step: int, tokens: int, metrics: Metrics, training: Training) -> Logged:
    values = jax.device_get(metrics)  # waits for the device, so it is done for logged steps only
    learning_rate = float(training.learning_rate(step - 1))
    return Logged(step, float(values.loss), float(values.accuracy), learning_rate, float(values.grad_norm), tokens)


def _write_line(file: IO[str], values: dict[str, Any]) -> None:
    file.write(json.dumps(values) + "\n")
    file.flush()
