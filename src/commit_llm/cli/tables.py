"""What commands print when they are done: plain lines and tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the loop imports jax
    from commit_llm.train.loop import Outcome


def training_summary(run: Path, seq_len: int, outcome: "Outcome") -> str:
    """How a call of train or run ended."""
    from commit_llm.train.run_directory import read_metrics

    if outcome.first == outcome.last:
        return f"{run}: finished already, at step {outcome.last}"
    if outcome.stopped is not None:
        return f"{run}: stopped by {outcome.stopped.value} at step {outcome.last}, all saved; the same command goes on"
    lines = read_metrics(run)
    first, last = lines[0], lines[-1]
    went_on = f" (gone on from step {outcome.first})" if outcome.first else ""
    losses = f"loss {first['loss']:.4f} at step 1, {last['loss']:.4f} at the last"
    text = f"trained {run} to step {outcome.last}{went_on}: {losses}"
    if outcome.left_out:
        text += (
            f"\nleft out {outcome.left_out:,} of the {outcome.seen:,} examples that came up: longer than a row of "
            f"{seq_len} tokens; --seq-len {outcome.longest} would keep them, --split-long cuts them"
        )
    return text


def scores_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A line a task: exact match and F1 (0-100), questions, and prompts that had to be shortened.

    >>> print(scores_table({"ogx_xquad_el": {"exact_match": 12.5, "f1": 20.25, "items": 8, "truncated": 1}}))
    task          exact match     F1  questions  shortened prompts
    ogx_xquad_el        12.50  20.25          8                  1
    """
    width = max(len("task"), *map(len, results))
    lines = [f"{'task':<{width}}  exact match     F1  questions  shortened prompts"]
    for task, found in results.items():
        shortened = found.get("truncated", "-")
        lines.append(
            f"{task:<{width}}  {found['exact_match']:>11.2f}  {found['f1']:>5.2f}  {found['items']:>9}  {shortened:>17}"
        )
    return "\n".join(lines)
