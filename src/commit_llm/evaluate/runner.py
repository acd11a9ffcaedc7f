"""An evaluation from start to end: ask the questions, keep the answers as they come, write the scores."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm import __version__
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.evaluate.answers import Answerer, require_answerable
from commit_llm.evaluate.asked import ask
from commit_llm.evaluate.chat_prompts import template_for
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.harness.upstream import SAMPLES, Upstream
from commit_llm.evaluate.journal import RESPONSES, journal
from commit_llm.evaluate.prompt_batches import MAX_NEW_TOKENS
from commit_llm.evaluate.results import context_rows
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task
from commit_llm.parallel.processes import SAME_FILES, barrier, is_first, require_same, together
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, Results, write_lines, write_results
from commit_llm.runs.history import TRAINING, UNKNOWN, History

SHOWN = 16  # digits of a hash in a signature
RANKING = "rank-by-characters"  # in a signature: given answers are ranked by log-likelihood by character

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
    per_context: Mapping[str, int] | None = None,
    batch_size: int = 8,
    max_length: int | None = None,
    overwrite: bool = False,
    hint: bool = True,
    upstream: Upstream | None = None,
    on_answers: OnAnswers = lambda task, answered, total: None,
) -> Results:
    """Answer and score the tasks. Write predictions.jsonl, contexts.jsonl and results.json into `out`.

    An evaluation that was killed goes on when it is called again with the same arguments, and comes to the same files.
    Scores are 0-100 with two decimals. Several processes answer every batch together, and process 0 writes. Tasks of
    lm-eval need a single process.

    limit: the first questions of each task, of those that per_context leaves.
    per_context: the first questions of each context, by the name of a task. All of a task that is not in it.
    max_length: tokens of prompt and answer, of the tasks that ask as the model was tuned. None: the model's positions.
    history: what the model was trained on, to count the contexts among its texts. None where it is not known.
    hint: whether a message may offer --overwrite.
    upstream: tasks of lm-eval to run too. The model's answers to them go into samples.jsonl.
    """
    history = history or UNKNOWN
    per_context = dict(per_context or {})
    with together("questions"):
        template = template_for(tasks, model.tokenizer, model.stops)
        asked = {task.name: ask(task, data_dir, Selection(limit, per_context.get(task.name))) for task in tasks}
        if tasks:
            require_answerable(model.config, batch_size, max_length)
        for asking in asked.values():
            asking.require_fitting(model, max_length)
    what = {
        "version": __version__,
        "model": model.fingerprint,
        "tokenizer": model.tokenizer.fingerprint(),
        "bos": list(model.tokenizer.bos),
        "template": None if template is None else template.fingerprint(),
        "stops": list(model.stops),
        "dtype": np.dtype(model.dtype).name,
        "batch_size": batch_size,
        "max_length": max_length or model.config.max_position_embeddings,
        "tasks": {name: asking.prompts_sha256 for name, asking in asked.items()},
        "upstream": list(upstream.names) if upstream else [],
        "limit": limit,
        "per_context": per_context or None,
        "training": _hash(history),
    }
    hashes = {f"questions of {name}": prompts for name, prompts in what["tasks"].items()}
    require_same("evaluation", what | {"tasks": list(asked)} | hashes, SAME_FILES)
    described = {"fingerprint": model.fingerprint, "dtype": what["dtype"], "training": history.stages}
    contaminations = {
        name: contamination(asking.task, asking.questions, history.documents) for name, asking in asked.items()
    }
    results: Results = {}
    predictions: list[dict[str, Any]] = []
    contexts: list[dict[str, Any]] = []
    with journal(out, what, overwrite, RESULTS, hint) as log:
        for name, asking in asked.items():
            replies, total = log.replies[name], len(asking.questions)
            on_answers(name, len(replies) // asking.replies_a_question, total)
            for batch in asking.batches(model, batch_size, max_length, replies):
                log.keep(name, batch)
                on_answers(name, len(replies) // asking.replies_a_question, total)
            answering = answering_parts(model, asking.task, max_length, template)
            results[name], rows = asking.results(replies, answering, contaminations[name])
            if asking.task.chat:
                results[name]["template_sha256"] = what["template"]
            predictions += rows
            contexts += context_rows(asking.task, asking.questions)
        files = {PREDICTIONS: predictions, CONTEXTS: contexts}
        if upstream:
            responses = log.folder / RESPONSES
            entries, files[SAMPLES] = upstream.run(model, responses, limit, batch_size, on_answers)
            results |= entries
        if is_first():
            for name, rows in files.items():
                write_lines(log.folder / name, rows)
            write_results(log.folder / RESULTS, results, described)
            log.finish([*files, RESULTS], outdated=() if upstream else (SAMPLES,))
    barrier("evaluated")
    return results


def answering_parts(
    model: Answerer, task: Task, max_length: int | None, template: ChatTemplate | None = None
) -> dict[str, str]:
    """Give the parts of a signature that say how the answers came about. template: that chat tasks are asked through.

    A chat task has no bos of its own: the template writes it.
    """
    chosen = task.as_tuned and max_length not in (None, model.config.max_position_embeddings)
    if task.chat and template is not None:
        before = {"template": template.fingerprint()[:SHOWN]}
    else:
        before = {"bos": "yes" if task.as_tuned and model.tokenizer.bos else "no"}
    if task.prompt_file is not None:
        before["prompt"] = task.prompt_file.fingerprint()[:SHOWN]
    return {
        **before,
        "tokenizer": model.tokenizer.kind,
        "decoding": RANKING if task.ranked else f"greedy-{MAX_NEW_TOKENS}",
        **({"max-length": str(max_length)} if chosen else {}),
        "dtype": np.dtype(model.dtype).name,
        "model": model.fingerprint[:SHOWN],
    }


def _hash(history: History) -> str:
    """Hash what a model was trained on. An evaluation goes on only where it is the same, and so in all processes."""
    return hashlib.sha256(json.dumps(history.to_json(TRAINING)).encode("utf-8")).hexdigest()
