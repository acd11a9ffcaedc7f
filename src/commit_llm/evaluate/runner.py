"""An evaluation from start to end: ask the questions, keep the answers as they come, write the scores."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm import __version__
from commit_llm.evaluate.answers import MAX_NEW_TOKENS, Answerer, answer
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.harness.upstream import SAMPLES, Upstream
from commit_llm.evaluate.journal import journal
from commit_llm.evaluate.questions import english_references, load_questions
from commit_llm.evaluate.results import context_rows, prediction_rows, prompts_hash, score_answers, summary
from commit_llm.evaluate.tasks import Task
from commit_llm.parallel.processes import barrier, is_first, together
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, Results, write_lines, write_results
from commit_llm.runs.history import TRAINING, UNKNOWN, History

# Called with (task, number of questions answered, number of all its questions).
OnAnswers = Callable[[str, int, int], None]


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
    on_answers: OnAnswers = lambda task, answered, total: None,
) -> Results:
    """Answer and score the tasks. Write predictions.jsonl, contexts.jsonl and results.json into `out`.

    An evaluation that was killed goes on when it is called again with the same arguments, and comes to the same files.
    Scores are 0-100 with two decimals. Several processes answer every batch together, and process 0 writes. Tasks of
    lm-eval need a single process.

    history: what the model was trained on, to count the contexts among its texts. None where it is not known.
    hint: whether a message may offer --overwrite.
    upstream: tasks of lm-eval to run too. The model's answers to them go into samples.jsonl.
    """
    history = history or UNKNOWN
    with together("questions"):
        questions = {task.name: load_questions(task, data_dir, limit) for task in tasks}
        english = {task.name: english_references(task, questions[task.name], data_dir) for task in tasks}
    what = {
        "version": __version__,
        "model": model.fingerprint,
        "tokenizer": model.tokenizer.fingerprint(),
        "stops": list(model.stops),
        "dtype": np.dtype(model.dtype).name,
        "batch_size": batch_size,
        "tasks": {task.name: prompts_hash(task, questions[task.name]) for task in tasks},
        "upstream": list(upstream.names) if upstream else [],
        "limit": limit,
        "training": _hash(history),
    }
    described = {"fingerprint": model.fingerprint, "dtype": what["dtype"], "training": history.stages}
    contaminations = {task.name: contamination(task, questions[task.name], history.documents) for task in tasks}
    decoding = {
        "decoding": f"greedy-{MAX_NEW_TOKENS}",
        "dtype": np.dtype(model.dtype).name,
        "model": model.fingerprint[:16],
    }
    results: Results = {}
    predictions: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    with journal(out, what, overwrite, RESULTS, hint) as log:
        for task in tasks:
            items, answers = questions[task.name], log.answers[task.name]
            prompts = [task.prompt(item.context, item.question) for item in items]
            on_answers(task.name, len(answers), len(items))
            for batch in answer(model, prompts, batch_size, bos=task.bos, answered=answers):
                log.keep(task.name, batch)
                on_answers(task.name, len(answers), len(items))
            texts, truncated = zip(*(answers[place] for place in range(len(items))), strict=True)
            scored = score_answers(task, items, texts, english[task.name])
            entry = summary(scored, decoding, limit, contaminations[task.name])
            results[task.name] = entry | {"truncated": sum(truncated)}
            predictions += prediction_rows(scored, truncated)
            contexts += context_rows(task, items)
        files = {PREDICTIONS: predictions, CONTEXTS: contexts}
        if upstream:
            responses = log.folder / "responses.jsonl"
            entries, files[SAMPLES] = upstream.run(model, responses, limit, batch_size, on_answers)
            results |= entries
        if is_first():
            for name, rows in files.items():
                write_lines(log.folder / name, rows)
            write_results(log.folder / RESULTS, results, described)
            log.finish([*files, RESULTS], outdated=() if upstream else (SAMPLES,))
    barrier("evaluated")
    return results


def _hash(history: History) -> str:
    """Hash what a model was trained on. An evaluation goes on only where it is the same, and so in all processes."""
    return hashlib.sha256(json.dumps(history.to_json(TRAINING)).encode("utf-8")).hexdigest()
