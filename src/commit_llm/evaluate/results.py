"""What an evaluation says of a task: the scores of its answers, their summary with its signature, and its rows."""

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from commit_llm import __version__
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.contamination import Contamination
from commit_llm.evaluate.language import (
    AnswerLanguage,
    IdentifiedLanguage,
    has_script_of_its_own,
    language_shares,
    languages_of,
)
from commit_llm.evaluate.language_identifier import identifier
from commit_llm.evaluate.literal import stands_in
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.scores import UNSPACED, icu_version, normaliser, score, words_f1
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task
from commit_llm.runs.evaluation import write_signature


class AnswerScores(NamedTuple):
    """Hold the scores of one answer, in [0, 1]; None where there is no such score.

    exact_match, f1: by the task's own rules.
    f1_words: over ICU's words. For scripts without spaces, with the extra `seg`.
    exact_match_english, f1_english: against the English references, to tell a right answer in the wrong language.
    """

    exact_match: float
    f1: float
    f1_words: float | None = None
    exact_match_english: float | None = None
    f1_english: float | None = None


class ScoredTask(NamedTuple):
    """Hold a task's questions with the model's answers and what is said of each, in the same order.

    in_context: whether the answer stands literally in its context.
    languages: of the answers. None where no identifier is installed that could tell them.
    """

    task: Task
    questions: Sequence[Question]
    answers: Sequence[str]
    scores: list[AnswerScores]
    in_context: list[bool]
    languages: list[AnswerLanguage] | list[IdentifiedLanguage] | None


def score_answers(
    task: Task, questions: Sequence[Question], answers: Sequence[str], english: Sequence[Sequence[str]] | None
) -> ScoredTask:
    """Score every answer, once. english: the English references of each question, or None where there are none."""
    (_, normalise), (_, normalise_english) = normaliser(task), normaliser(task.in_english)
    with_words = task.language in UNSPACED and icu_version() is not None
    scores = []
    for place, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        own = score(answer, question.references, normalise)
        by_words = words_f1(answer, question.references, task.language) if with_words else None
        in_english = score(answer, english[place], normalise_english) if english else (None, None)
        scores.append(AnswerScores(*own, by_words, *in_english))
    in_context = [
        stands_in(question.context, answer, task.language) for question, answer in zip(questions, answers, strict=True)
    ]
    return ScoredTask(task, questions, answers, scores, in_context, languages_of(answers, task.language))


def summary(
    scored: ScoredTask,
    answering: Mapping[str, str],
    limit: int | None,
    contamination: Contamination | None = None,
    per_context: int | None = None,
) -> dict[str, Any]:
    """Make a task's entry of results.json: mean scores 0-100 with standard errors, and the signature to cite them by.

    answering: the parts of the signature that say how the answers came about.
    contamination: of the task's contexts. None where the answers are not those of a model of ours.
    """
    task, questions = scored.task, scored.questions
    entry: dict[str, Any] = {}
    for name in AnswerScores._fields:
        values = [getattr(scores, name) for scores in scored.scores]
        if None not in values:
            entry |= mean_and_error(name, values)
    if "exact_match_english" in entry:
        only = sum(bool(scores.exact_match_english) and not scores.exact_match for scores in scored.scores)
        entry["exact_match_english_only"] = round(100 * only / len(questions), 2)
    entry["in_context"] = round(100 * sum(scored.in_context) / len(questions), 2)
    if scored.languages is not None:
        references = [question.references for question in questions]
        entry["answer_language"] = language_shares(scored.languages, references, task.language)
    if not has_script_of_its_own(task.language):
        entry["language_identifier"] = identifier()
    asked = identity(
        task,
        len(questions),
        Selection(limit, per_context),
        prompts_hash(task, questions),
        answering,
        contamination,
        with_words="f1_words" in entry,
    )
    return entry | asked | {"empty": sum(not answer.strip() for answer in scored.answers)}


def identity(
    task: Task,
    items: int,
    selection: Selection,
    prompts: str,
    answering: Mapping[str, str],
    contamination: Contamination | None,
    *,
    with_words: bool = False,
) -> dict[str, Any]:
    """Say in a task's entry which questions its scores are of, and how they came about."""
    entry: dict[str, Any] = {}
    if contamination is not None:
        entry |= {"contexts": contamination.contexts, "contaminated_contexts": contamination.contaminated}
    return entry | {
        "language": task.language,
        "suite": task.suite,
        "task_version": task.version,
        "items": items,
        "limit": selection.limit,
        **({"per_context": selection.per_context} if selection.per_context else {}),
        "prompts_sha256": prompts,
        "signature": signature(task, answering, selection.limit, with_words, contamination, selection.per_context),
    }


def signature(
    task: Task,
    answering: Mapping[str, str],
    limit: int | None,
    with_words: bool,
    contamination: Contamination | None,
    per_context: int | None = None,
) -> str:
    """Write what a score must be cited with: everything that decides it."""
    before = {} if task.as_tuned or "bos" in answering else {"bos": "no"}  # whoever answers elsewhere may put one
    before |= {name: answering[name] for name in ("bos", "template") if name in answering}
    return write_signature(
        {
            "task": task.name,
            "task-version": task.version,
            "labels": task.labels,
            **before,
            "normaliser": normaliser(task)[0],
            **({"words": f"icu-{icu_version()}"} if with_words else {}),
            **answering,
            **({"per-context": per_context} if per_context else {}),
            "limit": limit or "none",
            **({"contaminated": contamination.signed} if contamination and contamination.contaminated else {}),
            "version": __version__,
        }
    )


def mean_and_error(
    name: str, values: Sequence[float], contexts: Sequence[str] | None = None
) -> dict[str, float | None]:
    """Give the mean of values in [0, 1] and its standard error, both times 100.

    contexts: of each value. Values of one context then count as dependent, and the error is over contexts. None: the
        error is over values, as if they were independent. The error of one context, or of one value, is None.

    >>> mean_and_error("f1", [1.0, 0.0, 0.0, 1.0])
    {'f1': 50.0, 'f1_stderr': 28.87}
    >>> mean_and_error("matched", [1.0, 1.0, 0.0, 0.0], ["0-1", "0-1", "0-2", "0-2"])
    {'matched': 50.0, 'matched_stderr': 50.0}
    """
    mean, deviations = sum(values) / len(values), defaultdict[Hashable, float](float)
    for group, value in zip(contexts or range(len(values)), values, strict=True):
        deviations[group] += value - mean
    count, error = len(deviations), None
    if count > 1:
        squares = sum(deviation**2 for deviation in deviations.values())
        error = round(100 * math.sqrt(squares * count / (count - 1)) / len(values), 2)
    return {name: round(100 * mean, 2), f"{name}_stderr": error}


def prompts_hash(task: Task, questions: Sequence[Question]) -> str:
    """Hash a task's ids, prompts and references with SHA-256. Equal hashes: asked and scored alike.

    Of a chat task these are the messages, without the template: models with other templates are asked the same.
    """
    asked = [[item.id, task.prompt(item.context, item.question), item.references] for item in questions]
    return hashlib.sha256(json.dumps(asked).encode("utf-8")).hexdigest()


def prediction_rows(scored: ScoredTask, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Make the lines of predictions.jsonl."""
    task, rows = scored.task, []
    languages = scored.languages or [None] * len(answers)
    per_answer = zip(scored.questions, answers, scored.scores, scored.in_context, languages, strict=True)
    for item, answer, scores, in_context, language in per_answer:
        prompt = task.prompt(item.context, item.question).encode("utf-8", "surrogatepass")
        rows.append(
            {
                "id": item.id,
                "task": task.name,
                "context_id": item.context_id,
                "question": item.question,
                "prediction": answer.text,
                "references": list(item.references),
                **{name: round(100 * value, 2) for name, value in scores._asdict().items() if value is not None},
                "in_context": in_context,
                **({"answer_language": language} if language else {}),
                "truncated": answer.truncated,
                "finish_reason": answer.finish_reason,
                "empty": answer.empty,
                "prompt_sha256": hashlib.sha256(prompt).hexdigest(),
            }
        )
    return rows


def context_rows(task: Task, questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Make the lines of contexts.jsonl: every context once."""
    unique = {question.context_id: question.context for question in questions}
    return [{"task": task.name, "context_id": id, "context": context} for id, context in unique.items()]
