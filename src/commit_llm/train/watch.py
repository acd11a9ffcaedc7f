"""What a run writes while it trains: its logs, TensorBoard files, and wandb on request."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.disk import writing
from commit_llm.files.own import open_own, refuse_link
from commit_llm.runs.logs import cut_back
from commit_llm.runs.run import HELD_OUT, METRICS, TENSORBOARD, TIMING, read_provenance
from commit_llm.train.event_file import EventFile


class Logged(NamedTuple):
    """Hold a line of metrics.jsonl.

    step: from 1.
    learning_rate: of this step's update.
    grad_norm: before clipping.
    tokens: seen so far, padding left out.
    """

    step: int
    loss: float
    accuracy: float
    learning_rate: float
    grad_norm: float
    tokens: int


class HeldOut(NamedTuple):
    """Hold a line of held_out.jsonl: means over the supervised tokens of the held-out examples."""

    step: int
    loss: float
    accuracy: float


class Watch:
    """Write into the open files of a run. Every line is flushed as it is written."""

    def __init__(self, files: Mapping[str, IO[str]], tensorboard: EventFile, wandb_run: Any, tokens: int) -> None:
        self.files, self.tensorboard, self.wandb_run = files, tensorboard, wandb_run
        self.clock, self.tokens, self.waited = time.perf_counter(), tokens, 0.0

    def log(self, logged: Logged, waited: float) -> None:
        """Write a logged step, and speed and waiting since the one before it. waited: seconds so far, for data."""
        now = time.perf_counter()
        seconds, tokens, waiting = now - self.clock, logged.tokens - self.tokens, waited - self.waited
        self.clock, self.tokens, self.waited = now, logged.tokens, waited
        timing = {"seconds": seconds, "tokens_per_second": tokens / seconds, "waiting_seconds": waiting}
        self._line(METRICS, logged._asdict())
        self._line(TIMING, {"step": logged.step, **timing})
        self._scalars("train", logged.step, logged._asdict() | timing)

    def held_out(self, line: HeldOut) -> None:
        """Write the loss of the held-out examples."""
        self._line(HELD_OUT, line._asdict())
        self._scalars("held_out", line.step, line._asdict())

    def _line(self, name: str, values: dict[str, Any]) -> None:
        self.files[name].write(json.dumps(values) + "\n")
        self.files[name].flush()

    def _scalars(self, group: str, step: int, values: dict[str, Any]) -> None:
        named = {f"{group}/{name}": value for name, value in values.items() if name != "step"}
        self.tensorboard.add(step, named)
        if self.wandb_run is not None:
            self.wandb_run.log(named, step=step)


@contextmanager
def watching(run: Path, start: int, tokens: int, wandb_project: str | None) -> Iterator[Watch]:
    """Open a run's files, cut back to the step that it goes on from: later lines will be written again.

    Raises UserError where one of the logs is a link, and DiskError where the disk is full.
    """
    with writing(run), ExitStack() as stack:
        files = {}
        logs = (METRICS, TIMING, HELD_OUT)
        for name in logs:
            refuse_link(run / name)  # before any of them is cut back
        for name in logs:
            cut_back(run / name, start)
            files[name] = stack.enter_context(open_own(run / name, "a", encoding="utf-8"))
        tensorboard = stack.enter_context(EventFile(run / TENSORBOARD, start + 1))
        wandb_run = None
        if wandb_project is not None:
            wandb_run = import_wandb().init(
                project=wandb_project, dir=str(run), id=read_provenance(run)["id"], name=str(run), resume="allow"
            )
            stack.callback(wandb_run.finish)
        yield Watch(files, tensorboard, wandb_run, tokens)


def import_wandb() -> Any:
    """Import wandb; raise UserError, saying what to install, where it is missing."""
    try:
        import wandb
    except ImportError:
        raise UserError("--wandb: wandb is not installed; pip install 'commit-llm[wandb]'") from None
    return wandb
