"""Evaluating tasks: questions asked, answers kept as they come, scores written; prompts and answers from elsewhere."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.evaluate.answers import MAX_NEW_TOKENS, Answerer, answer
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.harness.upstream import SAMPLES, Upstream
from commit_llm.evaluate.journal import journal
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import context_rows, prediction_rows, prompts_hash, summary
from commit_llm.evaluate.tasks import Task
from commit_llm.files.records import read_records
from commit_llm.files.whole import whole_folder
from commit_llm.parallel.processes import barrier, is_first, together
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, Results, write_lines, write_results
from commit_llm.runs.history import TRAINING, UNKNOWN, History

PROMPTS = "prompts.jsonl"

# Called with (task, answered so far, of how many).
Report = Callable[[str, int, int], None]


def evaluate(
    model: Answerer,
    tasks: Sequence[Task],
    out: Path,
    *,
    data_dir: str | None,
    history: History | None = None,
    limit: int | None = None,
    batch_size: int = 8,
    overwrite: bool = False,
    hint: bool = True,
    upstream: Upstream | None = None,
    report: Report = lambda task, done, total: None,
) -> Results:
    """Answer and score the tasks; write predictions.jsonl, contexts.jsonl and results.json into `out`.

    history is what the model was trained on, None where that is not known: contexts that were among its texts are
    counted and told. upstream are tasks of lm-eval to run too; what was said to them goes into samples.jsonl.

    Killed and called again with the same arguments, it goes on with what is not answered yet, to the same
    files. Scores are 0-100 with two decimals. hint says that the command has --overwrite. Several processes
    answer every batch together, and process 0 writes; tasks of lm-eval are for one process.
    """
    history = history or UNKNOWN
    with together("questions"):
        questions = {task.name: load_questions(task, data_dir, limit) for task in tasks}
        english = {task.name: english_references(task, questions[task.name], data_dir) for task in tasks}
    what = {
        "version": __version__,
        "model": model.fingerprint,
        "tokenizer": hashlib.sha256(model.tokenizer.path.read_bytes()).hexdigest(),
        "dtype": np.dtype(model.dtype).name,
        "batch_size": batch_size,
        "tasks": {task.name: prompts_hash(task, questions[task.name]) for task in tasks},
        "upstream": list(upstream.names) if upstream else [],
        "limit": limit,
        "training": _hash(history),
    }
    described = {"fingerprint": model.fingerprint, "dtype": what["dtype"], "training": history.stages}
    seen = {task.name: contamination(task, questions[task.name], history.documents) for task in tasks}
    decoding = f"greedy-{MAX_NEW_TOKENS}|dtype:{what['dtype']}|model:{model.fingerprint[:16]}"
    results: Results = {}
    predictions: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    with journal(out, what, overwrite, RESULTS, hint) as kept:
        for task in tasks:
            items, known = questions[task.name], kept.answers[task.name]
            prompts = [task.prompt(item.context, item.question) for item in items]
            report(task.name, len(known), len(items))
            for batch in answer(model, prompts, batch_size, bos=task.bos, known=known):
                kept.keep(task.name, batch)
                report(task.name, len(known), len(items))
            answers = [known[place] for place in range(len(items))]
            texts = [given.text for given in answers]
            results[task.name] = summary(task, items, texts, english[task.name], decoding, limit, seen[task.name]) | {
                "truncated": sum(given.truncated for given in answers)
            }
            predictions += prediction_rows(task, items, answers, english[task.name])
            contexts += context_rows(task, items)
        files = {PREDICTIONS: predictions, CONTEXTS: contexts}
        if upstream:
            responses = kept.folder / "responses.jsonl"
            entries, files[SAMPLES] = upstream.run(model, responses, limit, batch_size, report)
            results |= entries
        if is_first():
            for name, rows in files.items():
                write_lines(kept.folder / name, rows)
            write_results(kept.folder / RESULTS, results, described)
            kept.finish([*files, RESULTS], others=() if upstream else (SAMPLES,))
    barrier("evaluated")
    return results


def _hash(history: History) -> str:
    """Of what a model was trained on: an evaluation goes on only where it is the same, and in all processes."""
    return hashlib.sha256(json.dumps(history.to_json(TRAINING)).encode("utf-8")).hexdigest()


def write_prompts(
    tasks: Sequence[Task], out: Path, *, data_dir: str | None, limit: int | None = None, overwrite: bool = False
) -> int:
    """Write prompts.jsonl into `out`, for answering elsewhere; the number of prompts."""
    rows = [
        {
            "id": item.id,
            "task": task.name,
            "prompt": task.prompt(item.context, item.question),
            "references": list(item.references),
        }
        for task in tasks
        for item in load_questions(task, data_dir, limit)
    ]
    with whole_folder(out, overwrite, PROMPTS) as folder:
        write_lines(folder / PROMPTS, rows)
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
    answers = [given[item.id] for item in items]
    return summary(task, items, answers, english_references(task, items, data_dir), "given", None)
