"""One evaluation directory with all its answers, read and checked: one seed of a system to compare."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.runs.entries import METRICS, is_score, require_entries, shared_metrics
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, read_evaluation

SHOWN_ID = 60  # characters of a question's id in a message
RANKED_BY = ("score", "score_without_context")  # of a candidate


@dataclass(frozen=True)
class EvaluatedRun:
    """Hold one evaluation directory.

    model: what results.json says of the model.
    tasks: the entries of results.json that are of our own tasks, by name.
    rows: the lines of predictions.jsonl, by task and id.
    left_out: names of the other tasks.
    """

    folder: Path
    model: Mapping[str, Any]
    tasks: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]]
    left_out: tuple[str, ...]


def read_run(folder: Path) -> EvaluatedRun:
    """Read an evaluation directory. Tasks of lm-eval are left out, and named.

    Raises UserError where a file is missing or malformed, or where the answers do not fit results.json.
    """
    model, entries = read_evaluation(folder)
    require_entries(folder / RESULTS, model, entries)
    tasks = {name: entry for name, entry in entries.items() if "suite" in entry}
    if not tasks:
        raise UserError(
            f"{folder}: none of its tasks can be compared; it has {', '.join(entries) or 'none'}; evaluate tasks that "
            "`commit-llm tasks` lists"
        )
    rows: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in tasks}
    path = folder / PREDICTIONS
    for number, row in enumerate(read_records(path), 1):
        entry = tasks.get(row["task"]) if isinstance(row.get("task"), str) else None
        if not _is_answer(row, METRICS if entry is None else shared_metrics(entry["suite"], [entry])):
            raise UserError(f"{path}: row {number} is not an answer with its scores; evaluate again with this version")
        if entry is None:
            continue
        if row["id"] in rows[row["task"]]:
            raise UserError(
                f"{path}: row {number}: question {ascii(row['id'])[:SHOWN_ID]} of {row['task']} occurs there twice; "
                "evaluate again with --overwrite"
            )
        rows[row["task"]][row["id"]] = row
    for name, entry in tasks.items():
        _require_whole(folder, name, entry, rows[name])
    return EvaluatedRun(folder, model, tasks, rows, tuple(name for name in entries if name not in tasks))


def read_contexts(folder: Path) -> dict[tuple[str, str], str]:
    """Read the contexts of an evaluation directory, by task and context_id; none where texts were not kept."""
    path = folder / CONTEXTS
    if not path.exists():
        return {}
    try:
        contexts = {(row["task"], row["context_id"]): row["context"] for row in read_records(path)}
    except (KeyError, TypeError):
        contexts = {("", ""): None}
    if not all(isinstance(context, str) for context in contexts.values()):
        raise UserError(f"{path}: malformed; evaluate again with this version")
    return contexts


def contexts_of(run: EvaluatedRun) -> dict[tuple[str, str], str]:
    """Read the contexts of an evaluation. Raises UserError where the file has some of a task's, and not all."""
    contexts = read_contexts(run.folder)
    tasks = {task for task, _ in contexts}
    for task, rows in run.rows.items():
        asked = dict.fromkeys((task, str(row["context_id"])) for row in rows.values())
        missing = [place for place in asked if place not in contexts]
        if missing and task in tasks:
            raise UserError(
                f"{run.folder / CONTEXTS}: lacks {len(missing)} of the {len(asked)} contexts of {task}; evaluate again "
                "with --overwrite, or move the file away to compare without contexts"
            )
    return contexts


def has_texts(row: Mapping[str, Any]) -> bool:
    """Tell whether an answer has its texts; results of a study that were made elsewhere have none."""
    return "references" in row


def _is_answer(row: Mapping[str, Any], metrics: Iterable[str]) -> bool:
    """Tell whether a row has scores, and all its texts or, of results without texts, none."""
    references = row.get("references", [])
    return (
        all(isinstance(row.get(name), str) for name in ("id", "task", "context_id"))
        and all(isinstance(row.get(name), str) == has_texts(row) for name in ("question", "prediction"))
        and isinstance(references, list)
        and all(isinstance(text, str) for text in references)
        and all(is_score(row.get(name)) for name in metrics)
        and ("exact_match_english" not in row or is_score(row["exact_match_english"]))
        and ("candidates" not in row or _has_ranks(row))
    )


def _has_ranks(row: Mapping[str, Any]) -> bool:
    candidates, right = row["candidates"], row.get("right")
    if not isinstance(candidates, list) or type(right) is not int or not 0 <= right < len(candidates):
        return False
    return all(
        isinstance(candidate, dict) and all(_is_finite(candidate.get(name)) for name in RANKED_BY)
        for candidate in candidates
    )


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require_whole(folder: Path, task: str, entry: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UserError where answers are missing, or where their mean is not the score of results.json."""
    items = entry["items"]
    if len(rows) != items:
        raise UserError(
            f"{folder / PREDICTIONS}: has answers to {len(rows)} of the {items} questions of {task}; evaluate again "
            "with --overwrite"
        )
    for name in shared_metrics(entry["suite"], [entry]):
        mean = sum(row[name] for row in rows.values()) / items
        if abs(mean - entry[name]) > 0.02:  # both are rounded to two decimals
            raise UserError(
                f"{folder}: {name} of {task} is {entry[name]} in {RESULTS}, and {mean:.2f} by its {PREDICTIONS}; "
                "evaluate again with --overwrite"
            )
