"""Scores as tables, as `eval`, `run` and `score` print them."""

from collections.abc import Mapping
from typing import Any

from commit_llm.cli.text.aligned import aligned, figure_cell, score_cell
from commit_llm.cli.text.answer_lines import answer_lines
from commit_llm.evaluate.prompt_batches import MAX_NEW_TOKENS
from commit_llm.runs.entries import is_many

RANKED = ("first", "matched")
KINDS_TO_WARN_OF = {"empty": "are empty", "cut": f"did not end within {MAX_NEW_TOKENS} tokens, and are cut"}


def scores_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a line a task: exact match and F1 (0-100) with standard errors, questions, prompts that were shortened.

    Below: a warning of each task with many answers that are empty or cut; what answers are beside right or wrong; how
    often the right one of given answers is first; the metrics of lm-eval's own tasks.

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
                score_cell(entry, "exact_match"),
                score_cell(entry, "f1"),
                str(entry["items"]),
                figure_cell(entry.get("truncated")),
            )
            for task, entry in own.items()
        ]
        lines += aligned(rows)
        lines += [line for task, entry in own.items() if (line := _warning(task, entry))]
    lines += answer_lines(own)
    ranked = {task: entry for task, entry in results.items() if "first" in entry}
    if ranked:
        lines += [*([""] if lines else []), *_ranks(ranked)]
    for task, entry in results.items():
        if "metrics" in entry:
            values = "  ".join(
                f"{name} " + ("-" if value is None else f"{value:.4f}") for name, value in entry["metrics"].items()
            )
            lines += [f"{task} (lm-eval, {entry['items']} items): {values}"]
    return "\n".join(lines)


def _ranks(entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write a line a task: how often the right answer is first, and of 50 by chance, how often questions match.

    >>> scores = {"first": 50.0, "first_stderr": 4.1, "first_without_context": 30.0, "chance": 21.5, "candidates": 4.8}
    >>> print("\\n".join(_ranks({"xquad_rank_es": scores | {"items": 8, "left_out": 1, "truncated": 0}})))
    task           right first  without context  chance  matched  without context  questions  left out  shortened
    xquad_rank_es   50.00 ±4.1            30.00    21.5        -                -          8         1          0
    """
    heads = ("task", "right first", "without context", "chance", "matched", "without context", "questions")
    rows: list[tuple[str, ...]] = [(*heads, "left out", "shortened")]
    for task, entry in entries.items():
        first, matched = ([score_cell(entry, f"{name}{end}") for end in ("", "_without_context")] for name in RANKED)
        counts = (figure_cell(entry.get(name)) for name in ("items", "left_out", "truncated"))
        rows.append((task, *first, figure_cell(entry.get("chance")), *matched, *counts))
    return aligned(rows)


def _warning(task: str, entry: Mapping[str, Any]) -> str | None:
    """Warn where more than a tenth of a task's answers are empty, or cut."""
    items = entry["items"]
    many = [
        f"{number} of {items} answers {what}"
        for name, what in KINDS_TO_WARN_OF.items()
        if is_many(number := entry.get(name), items)
    ]
    return f"warning: {task}: {', and '.join(many)}" if many else None
