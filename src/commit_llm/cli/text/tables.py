"""Results of commands as plain lines and tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def scores_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a line a task: exact match and F1 (0-100) with standard errors, questions, prompts that were shortened.

    Below, where there are such scores: answers in each language, right in English, F1 over ICU's words; then
    the metrics of lm-eval's own tasks.

    >>> scores = {"exact_match": 12.5, "exact_match_stderr": 4.1, "f1": 20.25, "f1_stderr": 5.0, "items": 8}
    >>> print(scores_table({"ogx_xquad_de": scores}))
    task          exact match         F1  questions  shortened
    ogx_xquad_de   12.50 ±4.1  20.25 ±5.0          8          -
    """
    own = {task: entry for task, entry in results.items() if "exact_match" in entry}
    lines: list[str] = []
    rows: list[tuple[str, ...]]
    if own:
        rows = [("task", "exact match", "F1", "questions", "shortened")]
        rows += [
            (
                task,
                _score(entry, "exact_match"),
                _score(entry, "f1"),
                str(entry["items"]),
                _cell(entry.get("truncated")),
            )
            for task, entry in own.items()
        ]
        lines += aligned(rows)
    beside = {task: entry for task, entry in own.items() if {"answer_language", "f1_words"} & set(entry)}
    if beside:
        rows = [("task", "in the language", "Latin", "mixed", "neutral", "right in English", "F1 over words")]
        for task, entry in beside.items():
            shares = entry.get("answer_language", {})
            kinds = [_cell(shares.get(kind), "%") for kind in ("target", "latin", "mixed", "neutral")]
            rows.append((task, *kinds, _score(entry, "exact_match_english"), _score(entry, "f1_words")))
        lines += ["", "answers, of questions whose reference is in the language's script:", *aligned(rows)]
    for task, entry in results.items():
        if "metrics" in entry:
            values = "  ".join(
                f"{name} " + ("-" if value is None else f"{value:.4f}") for name, value in entry["metrics"].items()
            )
            lines += [f"{task} (lm-eval, {entry['items']} items): {values}"]
    return "\n".join(lines)


def _score(entry: Mapping[str, Any], name: str) -> str:
    if name not in entry:
        return "-"
    error = entry.get(f"{name}_stderr")
    return f"{entry[name]:.2f}" + ("" if error is None else f" ±{error:.1f}")


def _cell(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:g}{unit}"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns two spaces apart, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
