"""What commands print when they are done: plain lines and tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the loop imports jax
    from commit_llm.train.loop import TrainingResult

WAITING = 0.05  # share of the time from which waiting for data is worth a line


def training_summary(run: Path, seq_len: int, result: "TrainingResult") -> str:
    """How a call of train or run ended."""
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


def scores_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """A line a task: exact match and F1 (0-100) with standard errors, questions, prompts that had to be shortened.

    Below, where there are such scores: answers in each language, right in English, F1 over ICU's words; then
    the metrics of lm-eval's own tasks.

    >>> found = {"exact_match": 12.5, "exact_match_stderr": 4.1, "f1": 20.25, "f1_stderr": 5.0, "items": 8}
    >>> print(scores_table({"ogx_xquad_de": found}))
    task          exact match         F1  questions  shortened
    ogx_xquad_de   12.50 ±4.1  20.25 ±5.0          8          -
    """
    ours = {task: found for task, found in results.items() if "exact_match" in found}
    lines: list[str] = []
    rows: list[tuple[str, ...]]
    if ours:
        rows = [("task", "exact match", "F1", "questions", "shortened")]
        rows += [
            (
                task,
                _score(found, "exact_match"),
                _score(found, "f1"),
                str(found["items"]),
                _cell(found.get("truncated")),
            )
            for task, found in ours.items()
        ]
        lines += aligned(rows)
    beside = {task: found for task, found in ours.items() if {"answer_language", "f1_words"} & set(found)}
    if beside:
        rows = [("task", "in the language", "Latin", "mixed", "neutral", "right in English", "F1 over words")]
        for task, found in beside.items():
            shares = found.get("answer_language", {})
            kinds = [_cell(shares.get(kind), "%") for kind in ("target", "latin", "mixed", "neutral")]
            rows.append((task, *kinds, _score(found, "exact_match_english"), _score(found, "f1_words")))
        lines += ["", "answers, of questions whose reference is in the language's script:", *aligned(rows)]
    for task, found in results.items():
        if "metrics" in found:
            values = "  ".join(
                f"{name} " + ("-" if value is None else f"{value:.4f}") for name, value in found["metrics"].items()
            )
            lines += [f"{task} (lm-eval, {found['items']} items): {values}"]
    return "\n".join(lines)


def _score(found: Mapping[str, Any], name: str) -> str:
    if name not in found:
        return "-"
    error = found.get(f"{name}_stderr")
    return f"{found[name]:.2f}" + ("" if error is None else f" ±{error:.1f}")


def _cell(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:g}{unit}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns two spaces apart, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
