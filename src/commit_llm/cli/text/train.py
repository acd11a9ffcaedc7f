"""The end of a training in words, as `train` and `run` print it."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the loop imports jax
    from commit_llm.train.loop import TrainingResult

WAITING = 0.05  # share of the time from which waiting for data is worth a line


def training_summary(run: Path, seq_len: int, result: "TrainingResult") -> str:
    """Say how a call of train or run ended."""
    from commit_llm.runs.logs import read_metrics
    from commit_llm.runs.run import TIMING

    if result.first == result.last:
        return f"{run}: finished already, at step {result.last}"
    if result.stopped is not None:
        return f"{run}: stopped by {result.stopped.value} at step {result.last}, all saved; the same command goes on"
    lines = read_metrics(run)
    first, last = lines[0], lines[-1]
    went_on = f" (gone on from step {result.first})" if result.first else ""
    losses = f"loss {first['loss']:.4f} at step 1, {last['loss']:.4f} at the last"
    text = f"trained {run} to step {result.last}{went_on}: {losses}"
    if result.left_out:
        text += (
            f"\nleft out {result.left_out:,} of the {result.seen:,} examples that came up: longer than a row of "
            f"{seq_len} tokens; --seq-len {result.longest} would keep them, --split-long cuts them"
        )
    if result.waiting >= WAITING:
        text += (
            f"\nthe steps waited {100 * result.waiting:.0f} % of the time for data ({run / TIMING}: waiting_seconds); "
            "one core makes it: see that it has one to itself"
        )
    return text
