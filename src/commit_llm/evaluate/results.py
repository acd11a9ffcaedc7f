"""Scores of a task's answers, their summary with its signature, and the rows of an evaluation directory."""

import hashlib
import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from commit_llm import __version__
from commit_llm.evaluate.answers import Answer
from commit_llm.evaluate.contamination import Contamination
from commit_llm.evaluate.language import has_script_of_its_own, language_shares
from commit_llm.evaluate.questions import Question
from commit_llm.evaluate.scores import UNSPACED, icu_version, normaliser, score, words_f1
from commit_llm.evaluate.tasks import TASK_VERSION, Task

References = Sequence[Sequence[str]]


class Marks(NamedTuple):
    """The scores of one answer, in [0, 1]; None where there is no such score.

    exact_match and f1 are the task's own. f1_words is over ICU's words (unspaced scripts, extra `seg`);
    the last two are against the English references: a right answer in the wrong language.
    """

    exact_match: float
    f1: float
    f1_words: float | None = None
    exact_match_english: float | None = None
    f1_english: float | None = None


def mark(task: Task, items: Sequence[Question], answers: Sequence[str], english: References | None) -> list[Marks]:
    """The marks of each answer; english holds the English references of each question, where there are any."""
    (_, normalise), (_, normalise_english) = normaliser(task), normaliser(task.in_english)
    with_words = task.language in UNSPACED and icu_version() is not None
    marks = []
    for place, (item, answer) in enumerate(zip(items, answers, strict=True)):
        own = score(answer, item.references, normalise)
        by_words = words_f1(answer, item.references, task.language) if with_words else None
        in_english = score(answer, english[place], normalise_english) if english else (None, None)
        marks.append(Marks(*own, by_words, *in_english))
    return marks


def summary(
    task: Task,
    items: Sequence[Question],
    answers: Sequence[str],
    english: References | None,
    decoding: str,
    limit: int | None,
    seen: Contamination | None = None,
) -> dict[str, Any]:
    """A task's entry of results.json: mean scores 0-100 with standard errors, and the signature to cite them by.

    seen says which contexts the model was trained on; None where no model of ours has answered.
    """
    marks = mark(task, items, answers, english)
    result: dict[str, Any] = {}
    for name in Marks._fields:
        values = [getattr(given, name) for given in marks]
        if None not in values:
            result |= mean_and_error(name, values)
    if has_script_of_its_own(task.language):
        result["answer_language"] = language_shares(answers, [item.references for item in items], task.language)
    if seen is not None:
        result |= {"contexts": seen.contexts, "contaminated_contexts": seen.contaminated}
    return result | {
        "language": task.language,
        "suite": task.suite,
        "task_version": TASK_VERSION,
        "items": len(items),
        "limit": limit,
        "prompts_sha256": prompts_hash(task, items),
        "signature": signature(task, decoding, limit, "f1_words" in result, seen),
    }


def signature(task: Task, decoding: str, limit: int | None, with_words: bool, seen: Contamination | None = None) -> str:
    """What a score must be cited with: everything that decides it."""
    parts = {
        "task": task.name,
        "task-version": TASK_VERSION,
        "labels": task.labels,
        "bos": "yes" if task.bos else "no",
        "normaliser": normaliser(task)[0],
        **({"words": f"icu-{icu_version()}"} if with_words else {}),
        "decoding": decoding,
        "limit": limit or "none",
        **({"contaminated": seen.told} if seen is not None and seen.contaminated else {}),
        "version": __version__,
    }
    return "|".join(f"{name}:{value}" for name, value in parts.items())


def mean_and_error(name: str, values: Sequence[float]) -> dict[str, float | None]:
    """Mean of values in [0, 1] and its standard error over questions (None for one), both times 100.

    >>> mean_and_error("f1", [1.0, 0.0, 0.0, 1.0])
    {'f1': 50.0, 'f1_stderr': 28.87}
    """
    count, mean = len(values), sum(values) / len(values)
    error = None
    if count > 1:
        error = round(100 * math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count), 2)
    return {name: round(100 * mean, 2), f"{name}_stderr": error}


def prompts_hash(task: Task, items: Sequence[Question]) -> str:
    """SHA-256 of a task's questions: ids, prompts and references. Equal hashes were asked and scored alike."""
    asked = [[item.id, task.prompt(item.context, item.question), item.references] for item in items]
    return hashlib.sha256(json.dumps(asked).encode("utf-8")).hexdigest()


def prediction_rows(
    task: Task, items: Sequence[Question], answers: Sequence[Answer], english: References | None
) -> list[dict[str, Any]]:
    """The rows of predictions.jsonl."""
    marks = mark(task, items, [given.text for given in answers], english)
    rows = []
    for item, given, marked in zip(items, answers, marks, strict=True):
        prompt = task.prompt(item.context, item.question).encode("utf-8", "surrogatepass")
        rows.append(
            {
                "id": item.id,
                "task": task.name,
                "context_id": item.context_id,
                "question": item.question,
                "prediction": given.text,
                "references": list(item.references),
                **{name: round(100 * value, 2) for name, value in marked._asdict().items() if value is not None},
                "truncated": given.truncated,
                "prompt_sha256": hashlib.sha256(prompt).hexdigest(),
            }
        )
    return rows


def context_rows(task: Task, items: Sequence[Question]) -> list[dict[str, Any]]:
    """The rows of contexts.jsonl: every context once."""
    unique = {item.context_id: item.context for item in items}
    return [{"task": task.name, "context_id": id, "context": context} for id, context in unique.items()]
