"""The steps of one call of `train`: taken, looked at for their numbers, logged and saved."""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import jax
import numpy as np

from commit_llm.data.packing.batch import Batch, step_arrays
from commit_llm.errors import UserError
from commit_llm.model.parameters import Parameters
from commit_llm.parallel.mesh import place_alike
from commit_llm.parallel.slow_compilation import compiling
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.common_stop import CommonStop
from commit_llm.train.held_out import held_out_loss
from commit_llm.train.prepare import Training
from commit_llm.train.split_weights import forward_weights
from commit_llm.train.step import Metrics, TrainState
from commit_llm.train.stop import Reason
from commit_llm.train.upcoming import AwaitedBatches
from commit_llm.train.watch import HeldOut, Logged, Watch

# Called with (step, of how many) before the first step, with the one before it; then for every step, in order, once its
# result is there: the device works through a queue of steps. Where the step was logged, its line comes with it.
StepReport = Callable[[int, int, Logged | None], None]


@dataclass
class Stepping:
    """Take the steps that are left, from a state to the recipe's last step or to a stop.

    frozen: the parameters of the model that are not trained.
    watch: writes the logs; None in all processes but process 0.
    tokens: seen so far, padding left out.
    saved: the step of the newest checkpoint, 0 where there is none.
    name_rows: writes which records ids of examples mean.
    unchecked: (step, its metrics, its example ids) of the steps since their numbers were last looked at.
    reported: the newest of the steps that are finished and reported.
    """

    training: Training
    frozen: Parameters
    checkpoints: Checkpoints
    watch: Watch | None
    upcoming: AwaitedBatches
    held_out: list[Batch]
    report: StepReport
    tokens: int
    saved: int
    name_rows: Callable[[Sequence[int]], str]
    unchecked: list[tuple[int, Metrics, np.ndarray]] = field(default_factory=list)
    reported: int = 0
    _held_out_compiled: bool = False

    def run(self, state: TrainState, start: int, stop: CommonStop) -> tuple[int, Reason | None]:
        """Take the steps after start; give the last one taken, and why it is not the recipe's last."""
        recipe = self.training.recipe
        self._report(start)
        for step in range(start + 1, recipe.steps + 1):
            with compiling("the training step") if step == start + 1 else nullcontext():
                state, metrics = self._take(step, state)
            if step == start + 1:
                jax.block_until_ready(metrics)  # before it is done there is nothing worth saving
                stop.take_requests()
            ends = step == recipe.steps
            stopped = None if ends else stop.reason()
            logs = ends or step == 1 or step % recipe.log_every == 0
            saves = ends or stopped is not None or step % recipe.checkpoint_every == 0
            if logs or saves:
                self._require_finite()
                self.checkpoints.check()
            else:
                self._report_finished()
            logged = self._log(step, metrics) if logs else None
            if self.held_out and (ends or step % recipe.eval_every == 0):
                self._log_held_out(step, state)
            if saves:
                self._save(step, state)
            if logs or saves:
                self._report(step, logged)
            if stopped is not None:
                return step, stopped
        return recipe.steps, None

    def _take(self, step: int, state: TrainState) -> tuple[TrainState, Metrics]:
        batch = next(self.upcoming)
        ids = batch["example_ids"]
        self.tokens += int((ids >= 0).sum())
        placed = place_alike(step_arrays(batch), self.training.batch_sharding)
        state, metrics = self.training.step(state, placed, self.frozen)
        self.unchecked.append((step, metrics, ids))
        return state, metrics

    def _require_finite(self) -> None:
        """Look at every step since the last look, so that no step after a bad one is ever saved.

        To look is to wait for the device, so only logged and saved steps do it.
        """
        under_way = self.unchecked[-1][0]  # it is reported once it is saved
        for step, metrics, ids in self.unchecked:
            values = jax.device_get(metrics)
            if not (math.isfinite(values.loss) and math.isfinite(values.grad_norm)):
                rows = np.unique(ids[ids >= 0])
                shown = self.name_rows(rows.tolist())
                left = f"the checkpoint of step {self.saved} is kept" if self.saved else "there is no checkpoint yet"
                raise UserError(
                    f"{self.checkpoints.run}: step {step} has loss {values.loss} and gradient norm {values.grad_norm}, "
                    f"on {shown} (from 0); {left}; look at these rows, or lower --learning-rate "
                    "with another --out"
                )
            if self.reported < step != under_way:
                self._report(step)
        self.unchecked.clear()

    def _report_finished(self) -> None:
        """Report the steps whose results are there by now, and wait for none."""
        for step, metrics, _ in self.unchecked:
            if step > self.reported:
                if not metrics.loss.is_ready():  # type: ignore[attr-defined]
                    return
                self._report(step)

    def _report(self, step: int, logged: Logged | None = None) -> None:
        self.reported = step
        self.report(step, self.training.recipe.steps, logged)

    def _log(self, step: int, metrics: Metrics) -> Logged:
        values = jax.device_get(metrics)
        rate = float(self.training.learning_rate(step - 1))
        logged = Logged(step, float(values.loss), float(values.accuracy), rate, float(values.grad_norm), self.tokens)
        if self.watch:
            self.watch.log(logged, self.upcoming.seconds)
        return logged

    def _log_held_out(self, step: int, state: TrainState) -> None:
        placed = (place_alike(step_arrays(batch), self.training.batch_sharding) for batch in self.held_out)
        with nullcontext() if self._held_out_compiled else compiling("the loss of the held-out examples"):
            means = held_out_loss(self.training.held_out_step, forward_weights(state.params), placed, self.frozen)
        self._held_out_compiled = True
        if self.watch:
            self.watch.held_out(HeldOut(step, *means))

    def _save(self, step: int, state: TrainState) -> None:
        self.checkpoints.save(state, {"data": self.upcoming.get_state(), "tokens": self.tokens})
        self.saved = step
