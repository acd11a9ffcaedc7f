"""The one loop: every recipe runs through it, and a run that was stopped goes on in it."""

import dataclasses
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from commit_llm.data.loader import prefetched
from commit_llm.data.packing import EXAMPLE_IDS, Batch
from commit_llm.errors import UserError
from commit_llm.files.lock import locked
from commit_llm.model.parameters import Parameters
from commit_llm.parallel.mesh import place_alike
from commit_llm.parallel.processes import (
    count,
    entered_by_first,
    from_first,
    is_first,
    require_same,
    seen_by_all,
    together,
)
from commit_llm.recipes import Recipe
from commit_llm.runs.history import NOTHING
from commit_llm.runs.run import (
    create_run,
    file_hashes,
    is_run,
    require_same_files,
    require_same_recipe,
    require_usable,
)
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.held_out import held_out_loss
from commit_llm.train.lineage import begun, history_of
from commit_llm.train.prepare import Training, prepare
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model, resolve_steps
from commit_llm.train.restoring import restore
from commit_llm.train.step import Metrics, TrainState
from commit_llm.train.stop import Reason, listening
from commit_llm.train.together import CommonStop, shared_examples
from commit_llm.train.waiting import Awaited
from commit_llm.train.watch import HeldOut, Logged, Watch, import_wandb, watching
from commit_llm.train.weights import fresh_params, load_params, require_same_model

LOGGER = logging.getLogger("commit_llm")
SHOWN_IDS = 8
SAME_COMMAND = "start every process with the same command, on the same files"

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
    with listening(stop_after_minutes) as own_stop:
        stop = CommonStop(own_stop)
        with together("start"):
            recipe.check()
            if wandb_project is not None and is_first():
                import_wandb()
            new = is_first() and require_usable(run, recipe)
        new = from_first("new run", str(new)) == str(True)
        require_same("recipe", dataclasses.asdict(recipe), SAME_COMMAND)
        with together("model and data"):
            source = open_recipe_model(recipe)
            recipe, batches, held_out, documents = open_recipe_batches(recipe, source)
            recipe = resolve_steps(recipe, batches)
        with together("devices"):  # a section of its own: where devices are first looked for, processes wait for all
            training = prepare(recipe, source)
            if is_first():
                LOGGER.info("%s", training.told)
            files = file_hashes(recipe, source.tokenizer.path) if count() > 1 else {}
        require_same("recipe", dataclasses.asdict(recipe) | files, SAME_COMMAND)
        with together("run directory"):
            if new:
                params, weights_dtype = _first_params(training)
                before = NOTHING if recipe.from_scratch else history_of(source)
            if is_first() and new:
                history = begun(before, documents())
                config = source.config.to_hf(weights_dtype)
                create_run(run, recipe, config, source.tokenizer.path, weights_dtype, history)
            elif is_first():
                require_same_recipe(run, recipe)
                require_same_model(run, source)
                require_same_files(run, recipe, source.tokenizer.path)
        seen_by_all("run directory", lambda: is_run(run), str(run))
        with (
            entered_by_first("lock", locked(run, "training")),
            Checkpoints(run, recipe.keep_checkpoints) as checkpoints,
        ):
            state, start, tokens = restore(checkpoints, training, batches)
            if state is None:  # a new run, or one that was killed before its first checkpoint
                state = training.place(params if new else _first_params(training)[0])
            if start == recipe.steps:
                return Outcome(start, start, stopped=stop.signalled())
            with (
                entered_by_first("logs", watching(run, start, tokens, wandb_project)) as watch,
                prefetched(batches) as prefetching,
                shared_examples(batches),
            ):
                upcoming = Awaited(prefetching)
                loop = _Loop(training, checkpoints, watch, upcoming, held_out, report, tokens)
                last, stopped = loop.run(state, start, stop)
                taken = upcoming.get_state()  # what was made ahead does not count
        signalled = stop.signalled()  # in the last step: all is saved, but what comes after must not begin
    seen = min(taken["position"], batches.examples.num_records)
    stopped = stopped or signalled
    return Outcome(start, last, taken.get("left_out", 0), seen, taken.get("longest", 0), stopped, upcoming.share())


def _first_params(training: Training) -> tuple[Parameters, str]:
    shardings = training.state_shardings.params
    if training.recipe.from_scratch:
        return fresh_params(training.source, shardings, training.recipe.seed)
    return load_params(training.source, shardings)


@dataclass
class _Loop:
    """The steps of one call. unchecked holds (step, its metrics, its example ids) since the last look at them."""

    training: Training
    checkpoints: Checkpoints
    watch: Watch | None  # of process 0
    upcoming: Awaited
    held_out: list[Batch]
    report: Report
    tokens: int
    unchecked: list[tuple[int, Metrics, np.ndarray]] = field(default_factory=list)

    def run(self, state: TrainState, start: int, stop: CommonStop) -> tuple[int, Reason | None]:
        """Take the steps after start; the last one taken, and why it was not the recipe's last."""
        recipe = self.training.recipe
        saved, stopped = start, None
        for step in range(start + 1, recipe.steps + 1):
            batch = next(self.upcoming)
            ids = batch.pop(EXAMPLE_IDS)
            self.tokens += int((ids >= 0).sum())
            state, metrics = self.training.step(state, place_alike(batch, self.training.batch_sharding))
            self.unchecked.append((step, metrics, ids))
            ends = step == recipe.steps
            stopped = None if ends else stop.reason()
            logs = ends or step == 1 or step % recipe.log_every == 0
            saves = ends or stopped is not None or step % recipe.checkpoint_every == 0
            if logs or saves:
                self._require_finite(saved)
            logged = self._log(step, metrics) if logs else None
            if self.held_out and (ends or step % recipe.eval_every == 0):
                placed = (place_alike(batch, self.training.batch_sharding) for batch in self.held_out)
                means = held_out_loss(self.training.held_out_step, state.params, placed)
                if self.watch:
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
        if self.watch:
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
