"""Answers that are made elsewhere: prompts written for them, and their scores."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import score_answers, summary
from commit_llm.evaluate.tasks import Task
from commit_llm.files.records import read_records
from commit_llm.files.whole import whole_folder
from commit_llm.runs.evaluation import write_lines

PROMPTS = "prompts.jsonl"


def write_prompts(
    tasks: Sequence[Task],
    out: Path,
    *,
    data_dir: str | None,
    limit: int | None = None,
    per_context: Mapping[str, int] | None = None,
    overwrite: bool = False,
) -> int:
    """Write prompts.jsonl into `out`. Give the number of prompts.

    limit, per_context: as in `runner.evaluate`.

    Raises UserError for a task that ranks: nobody writes an answer to it.
    """
    for task in tasks:
        _require_answers(task)
    rows = [
        {
            "id": item.id,
            "task": task.name,
            "prompt": task.prompt(item.context, item.question),
            "references": list(item.references),
        }
        for task in tasks
        for item in load_questions(task, data_dir, limit, (per_context or {}).get(task.name))
    ]
    with whole_folder(out, overwrite, PROMPTS) as folder:
        write_lines(folder / PROMPTS, rows)
    return len(rows)


def score_file(path: Path, task: Task, data_dir: str | None) -> dict[str, Any]:
    """Score a file of answers: `id, prediction` a line, one for every question of the task.

    Raises UserError for an id that is no question's, that is missing, or that comes twice, and for a task that ranks.
    """
    _require_answers(task)
    questions = load_questions(task, data_dir)
    answers: dict[str, str] = {}
    for row, record in enumerate(read_records(path), 1):
        if record.get("task", task.name) != task.name:
            continue
        id, prediction = record.get("id"), record.get("prediction")
        if not isinstance(id, str) or not isinstance(prediction, str):
            raise UserError(f"{path}: row {row} needs texts `id` and `prediction`; correct it")
        if id in answers:
            raise UserError(f"{path}: row {row}: id {shown(id)} occurs there twice; leave one out")
        answers[id] = prediction
    if unknown := sorted(set(answers) - {question.id for question in questions}):
        raise UserError(
            f"{path}: {len(unknown)} id(s) are not of {task.name}, such as {shown(unknown[0])}; leave them out, or "
            "name their task"
        )
    if missing := [question.id for question in questions if question.id not in answers]:
        raise UserError(
            f"{path}: {len(missing)} of {len(questions)} questions have no prediction, such as {shown(missing[0])}; "
            "add one for each"
        )
    in_order = [answers[question.id] for question in questions]
    scored = score_answers(task, questions, in_order, english_references(task, questions, data_dir))
    return summary(scored, {"decoding": "given"}, None)


def _require_answers(task: Task) -> None:
    """Raise UserError for a task whose answers are given: a model's likelihoods rank them, which no file has."""
    if task.ranked:
        others = task.name.replace("_rank_", "_instruct_")
        raise UserError(f"{task.name}: ranks given answers by a model's likelihoods; take {others} for written answers")
