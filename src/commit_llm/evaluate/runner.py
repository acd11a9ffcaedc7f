"""Evaluating tasks, and the folder that holds what came out."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from commit_llm import __version__
from commit_llm.data.files import whole_folder
from commit_llm.data.records import read_records
from commit_llm.errors import UserError
from commit_llm.evaluate.answers import MAX_NEW_TOKENS, Answer, Answerer, answer
from commit_llm.evaluate.questions import Question, load_questions
from commit_llm.evaluate.scores import Score, normaliser, score
from commit_llm.evaluate.tasks import Task
from commit_llm.model.parameters import Parameters

SCHEMA = 1
RESULTS = "results.json"
PROMPTS = "prompts.jsonl"

# Called with (task, answered so far, of how many).
Report = Callable[[str, int, int], None]
Results = dict[str, dict[str, Any]]


def evaluate(
    model: Answerer,
    tasks: Sequence[Task],
    out: Path,
    *,
    data_dir: str | None,
    limit: int | None = None,
    batch_size: int = 8,
    overwrite: bool = False,
    report: Report = lambda task, done, total: None,
) -> Results:
    """Answer and score the tasks; write results.json, predictions.jsonl and contexts.jsonl into `out`.

    The folder appears whole or not at all. Scores are 0-100 with two decimals.
    """
    questions = {task.name: load_questions(task, data_dir, limit) for task in tasks}
    model_hash = fingerprint(model.params)
    results: Results = {}
    predictions: list[dict[str, Any]] = []
    with whole_folder(out, overwrite, RESULTS) as folder:
        for task in tasks:
            items = questions[task.name]
            prompts = [task.prompt(item.context, item.question) for item in items]
            total = len(items)
            answers = answer(model, prompts, batch_size, lambda done, t=task, n=total: report(t.name, done, n))  # type: ignore[misc]
            scores = score_answers(task, items, [given.text for given in answers])
            decoding = f"greedy-{MAX_NEW_TOKENS}|dtype:{np.dtype(model.dtype).name}|model:{model_hash[:16]}"
            results[task.name] = summary(task, items, scores, decoding, limit) | {
                "truncated": sum(given.truncated for given in answers)
            }
            predictions += _rows(task, items, prompts, answers, scores)
        _write_lines(folder / "predictions.jsonl", predictions)
        _write_lines(folder / "contexts.jsonl", _contexts(tasks, questions))
        _write_results(folder / RESULTS, results)
    return results


def write_prompts(
    tasks: Sequence[Task], out: Path, *, data_dir: str | None, limit: int | None = None, overwrite: bool = False
) -> int:
    """Write prompts.jsonl into `out`, for answering elsewhere; the number of prompts."""
    questions = {task.name: load_questions(task, data_dir, limit) for task in tasks}
    rows = [
        {
            "id": item.id,
            "task": task.name,
            "prompt": task.prompt(item.context, item.question),
            "references": list(item.references),
        }
        for task in tasks
        for item in questions[task.name]
    ]
    with whole_folder(out, overwrite, PROMPTS) as folder:
        _write_lines(folder / PROMPTS, rows)
    return len(rows)


def score_file(path: Path, task: Task, data_dir: str | None) -> dict[str, Any]:
    """Score answers made elsewhere: `id, prediction` a line, one for every question of the task.

    Raises UserError for ids that are unknown, missing or repeated.
    """
    items = load_questions(task, data_dir)
    given: dict[str, str] = {}
    for row, record in enumerate(read_records(path), 1):
        if record.get("task", task.name) != task.name:
            continue
        id, prediction = record.get("id"), record.get("prediction")
        if not isinstance(id, str) or not isinstance(prediction, str):
            raise UserError(f"{path}: row {row} needs texts `id` and `prediction`")
        if id in given:
            raise UserError(f"{path}: row {row}: id {id!r} stands there twice")
        given[id] = prediction
    known = {item.id for item in items}
    if unknown := sorted(set(given) - known):
        raise UserError(f"{path}: {len(unknown)} id(s) are not of {task.name}, such as {unknown[0]!r}")
    if missing := [item.id for item in items if item.id not in given]:
        raise UserError(f"{path}: {len(missing)} of {len(items)} questions have no prediction, such as {missing[0]!r}")
    scores = score_answers(task, items, [given[item.id] for item in items])
    return summary(task, items, scores, "given", None)


def read_results(folder: Path) -> Results:
    """The results of an evaluation directory; UserError where it is none."""
    path = folder / RESULTS
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["schema"] != SCHEMA:
            raise UserError(f"{path}: written with schema {held['schema']}, this version reads {SCHEMA}")
        return held["tasks"]
    except FileNotFoundError:
        raise UserError(f"{folder}: not an evaluation directory (no {RESULTS} in it)") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path}: malformed") from None


def score_answers(task: Task, items: Sequence[Question], answers: Iterable[str]) -> list[Score]:
    """The score of each answer."""
    _, normalise = normaliser(task)
    return [score(text, item.references, normalise) for item, text in zip(items, answers, strict=True)]


def prompts_hash(task: Task, items: Sequence[Question]) -> str:
    """SHA-256 of a task's questions: ids, prompts and references. Equal hashes were asked and scored alike."""
    asked = [[item.id, task.prompt(item.context, item.question), item.references] for item in items]
    return hashlib.sha256(json.dumps(asked).encode("utf-8")).hexdigest()


def summary(
    task: Task, items: Sequence[Question], scores: Sequence[Score], decoding: str, limit: int | None
) -> dict[str, Any]:
    """A task's line of results.json: mean scores 0-100, how many, and the signature to cite them by."""
    signature = [
        f"task:{task.name}",
        f"labels:{task.labels}",
        f"normaliser:{normaliser(task)[0]}",
        f"decoding:{decoding}",
        f"limit:{limit or 'none'}",
        f"version:{__version__}",
    ]
    return {
        "exact_match": _percent([given.exact_match for given in scores]),
        "f1": _percent([given.f1 for given in scores]),
        "items": len(scores),
        "limit": limit,
        "prompts_sha256": prompts_hash(task, items),
        "signature": "|".join(signature),
    }


def fingerprint(params: Parameters) -> str:
    """SHA-256 over every parameter, in the order of their names."""
    digest = hashlib.sha256()
    for path, array in jax.tree_util.tree_leaves_with_path(params):
        host = np.asarray(array)
        digest.update(f"{jax.tree_util.keystr(path)}{host.dtype.name}{host.shape}".encode())
        digest.update(np.ascontiguousarray(host).view(np.uint8).data)
    return digest.hexdigest()


def _rows(
    task: Task, items: Sequence[Question], prompts: Sequence[str], answers: Sequence[Answer], scores: Sequence[Score]
) -> list[dict[str, Any]]:
    return [
        {
            "id": item.id,
            "task": task.name,
            "context_id": item.context_id,
            "question": item.question,
            "prediction": given.text,
            "references": list(item.references),
            "exact_match": _percent([scored.exact_match]),
            "f1": _percent([scored.f1]),
            "truncated": given.truncated,
            "prompt_sha256": hashlib.sha256(prompt.encode("utf-8", "surrogatepass")).hexdigest(),
        }
        for item, prompt, given, scored in zip(items, prompts, answers, scores, strict=True)
    ]


def _contexts(tasks: Sequence[Task], questions: Mapping[str, Sequence[Question]]) -> list[dict[str, str]]:
    unique = {(task.name, item.context_id): item.context for task in tasks for item in questions[task.name]}
    return [{"task": task, "context_id": id, "context": context} for (task, id), context in unique.items()]


def _percent(values: Sequence[float]) -> float:
    return round(100 * sum(values) / len(values), 2)


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_results(path: Path, results: Results) -> None:
    text = json.dumps({"schema": SCHEMA, "tasks": results}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
