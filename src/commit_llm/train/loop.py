"""The one loop: every recipe runs through it, and a run that was stopped goes on in it."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from commit_llm.data.loader import prefetched
from commit_llm.data.lock import locked
from commit_llm.data.packing import EXAMPLE_IDS, Batch, FirstFitPacker, StreamPacker
from commit_llm.errors import UserError
from commit_llm.model.parameters import Parameters
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.held_out import held_out_loss
from commit_llm.train.prepare import Training, open_recipe_batches, open_recipe_model, prepare, resolve_steps
from commit_llm.train.recipes import Recipe
from commit_llm.train.run_directory import create_run, require_same_recipe, require_same_sources, require_usable
from commit_llm.train.step import Metrics, TrainState
from commit_llm.train.stop import Reason, Stop, listening
from commit_llm.train.waiting import Awaited
from commit_llm.train.watch import HeldOut, Logged, Watch, import_wandb, watching
from commit_llm.train.weights import fresh_params, load_params

LOGGER = logging.getLogger("commit_llm")
SHOWN_IDS = 8

# Called after every step with (step, of how many) and, where the step was logged, its line.
Report = Callable[[int, int, Logged | None], None]


class Outcome(NamedTuple):
    """What a call of `train` did: from step first (0 for a new run) to last; first == last: all was done.

    Of the examples that came up in the first epoch, left_out of seen were longer than a row; rows of
    longest tokens would have kept them. stopped says why the run is not at its end. waiting is the share
    of the time, 0 to 1, that the steps waited for data.
    """

    first: int
    last: int
    left_out: int = 0
    seen: int = 0
    longest: int = 0
    stopped: Reason | None = None
    waiting: float = 0.0


def train(
    recipe: Recipe,
    run: Path,
    report: Report = lambda step, steps, logged: None,
    *,
    stop_after_minutes: float | None = None,
    wandb_project: str | None = None,
) -> Outcome:
    """Train to the last step, or go on from the run's newest checkpoint, or find that all is done.

    Nothing is written before the model, the data and the recipe were found to be usable. On SIGTERM, or
    when stop_after_minutes are over, the step under way is finished and saved. Raises UserError for what
    the user got wrong, and where the loss is no longer a number.
    """
    with listening(stop_after_minutes) as stop:
        recipe.check()
        if wandb_project is not None:
            import_wandb()
        new = require_usable(run, recipe)
        source = open_recipe_model(recipe)
        recipe, batches, held_out = open_recipe_batches(recipe, source)
        recipe = resolve_steps(recipe, batches)
        training = prepare(recipe, source)
        if jax.process_index() == 0:
            LOGGER.info("%s", training.attention)
        if new:
            params, weights_dtype = _first_params(training)
            create_run(run, recipe, source.config, source.tokenizer.path, weights_dtype)
        else:
            require_same_recipe(run, recipe)
            require_same_sources(run, recipe, source.config, source.tokenizer.path)
        with locked(run, "training"), Checkpoints(run, recipe.keep_checkpoints) as checkpoints:
            state, start, tokens = _restore(checkpoints, training, batches)
            if state is None:  # a new run, or one that was killed before its first checkpoint
                state = training.place(params if new else _first_params(training)[0])
            if start == recipe.steps:
                return Outcome(start, start, stopped=stop.signalled)
            with watching(run, start, tokens, wandb_project) as watch, prefetched(batches) as prefetching:
                upcoming = Awaited(prefetching)
                loop = _Loop(training, checkpoints, watch, upcoming, held_out, report, tokens)
                last, stopped = loop.run(state, start, stop)
                taken = upcoming.get_state()  # what was made ahead does not count
    stopped = stopped or stop.signalled  # a signal in the last step: all is saved, but what comes after must not begin
    seen = min(taken["position"], batches.examples.num_records)
    return Outcome(start, last, taken.get("left_out", 0), seen, taken.get("longest", 0), stopped, upcoming.share())


def _first_params(training: Training) -> tuple[Parameters, str]:
    shardings = training.state_shardings.params
    if training.recipe.from_scratch:
        return fresh_params(training.source, shardings, training.recipe.seed)
    return load_params(training.source, shardings)


def _restore(
    checkpoints: Checkpoints, training: Training, batches: StreamPacker | FirstFitPacker
) -> tuple[TrainState | None, int, int]:
    """The newest checkpoint that can be read, its step and its tokens; (None, 0, 0) where there is none at all.

    Those that cannot be read are set aside, never deleted. Raises UserError where none can be read.
    """
    unreadable: list[tuple[int, str]] = []
    for step in reversed(checkpoints.steps()):
        try:
            state, progress = checkpoints.restore(step, training.abstract_state())
            position, tokens = progress["data"], progress["tokens"]
        except Exception as error:  # whatever a broken file makes of Orbax
            unreadable.append((step, (str(error) or type(error).__name__).splitlines()[0]))
            continue
        batches.set_state(position)
        for broken, reason in unreadable:
            kept = checkpoints.set_aside(broken)
            LOGGER.warning("%s: the checkpoint of step %d cannot be read (%s)", checkpoints.run, broken, reason)
            LOGGER.warning("%s: going on from step %d; the other is kept as %s", checkpoints.run, step, kept)
        placed = jax.device_put(step, training.state_shardings.step)
        return state._replace(step=placed), step, tokens
    if unreadable:
        step, reason = unreadable[0]
        raise UserError(
            f"{checkpoints.run}: none of its checkpoints can be read (step {step}: {reason}); nothing was changed; "
            "try again if it may pass, or choose another --out"
        )
    return None, 0, 0


@dataclass
class _Loop:
    """The steps of one call. unchecked holds (step, its metrics, its example ids) since the last look at them."""

    training: Training
    checkpoints: Checkpoints
    watch: Watch
    upcoming: Awaited
    held_out: list[Batch]
    report: Report
    tokens: int
    unchecked: list[tuple[int, Metrics, np.ndarray]] = field(default_factory=list)

    def run(self, state: TrainState, start: int, stop: Stop) -> tuple[int, Reason | None]:
        """Take the steps after start; the last one taken, and why it was not the recipe's last."""
        recipe = self.training.recipe
        saved, stopped = start, None
        for step in range(start + 1, recipe.steps + 1):
            batch = next(self.upcoming)
            ids = batch.pop(EXAMPLE_IDS)
            self.tokens += int((ids >= 0).sum())
            state, metrics = self.training.step(state, jax.device_put(batch, self.training.batch_sharding))
            self.unchecked.append((step, metrics, ids))
            ends = step == recipe.steps
            stopped = None if ends else stop.reason()
            logs = ends or step == 1 or step % recipe.log_every == 0
            saves = ends or stopped is not None or step % recipe.checkpoint_every == 0
            if logs or saves:
                self._require_finite(saved)
            logged = self._log(step, metrics) if logs else None
            if self.held_out and (ends or step % recipe.eval_every == 0):
                means = held_out_loss(self.training.held_out_step, state.params, self.held_out)
                self.watch.held_out(HeldOut(step, *means))
            if saves:
                self.checkpoints.save(state, {"data": self.upcoming.get_state(), "tokens": self.tokens})
                saved = step
            self.report(step, recipe.steps, logged)
            if stopped is not None:
                return step, stopped
        return recipe.steps, None

    def _log(self, step: int, metrics: Metrics) -> Logged:
        values = jax.device_get(metrics)
        rate = float(self.training.learning_rate(step - 1))
        logged = Logged(step, float(values.loss), float(values.accuracy), rate, float(values.grad_norm), self.tokens)
        self.watch.log(logged, self.upcoming.seconds)
        return logged

    def _require_finite(self, saved: int) -> None:
        """Look at every step since the last look, so that no step after a bad one is ever saved.

        Looking waits for the device, so it is done for logged and saved steps only.
        """
        for step, metrics, ids in self.unchecked:
            values = jax.device_get(metrics)
            if not (math.isfinite(values.loss) and math.isfinite(values.grad_norm)):
                rows = np.unique(ids[ids >= 0])
                shown = ", ".join(map(str, rows[:SHOWN_IDS])) + (", ..." if len(rows) > SHOWN_IDS else "")
                kept = f"the checkpoint of step {saved} is kept" if saved else "there is no checkpoint yet"
                raise UserError(
                    f"{self.checkpoints.run}: step {step} has loss {values.loss} and gradient norm {values.grad_norm}, "
                    f"on rows {shown} of the data (from 0); {kept}; look at these rows, or lower --learning-rate "
                    "with another --out"
                )
        self.unchecked.clear()
