"""The scores of a tuned model: its answers to the same questions in Greek and in English."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, get_args

from commit_llm.evaluate.language import AnswerLanguage, answer_language
from commit_llm.evaluate.scores import normaliser, score
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.runs.evaluation import PREDICTIONS, read_results

GREEK_TASK, ENGLISH_TASK = "xquad_instruct_el", "xquad_instruct_en"


class LanguageScores(NamedTuple):
    """Hold percentages of the questions asked in one language.

    exact_match: right in the language of the question.
    other_language: right in the other language.
    either: right in one of the two.
    target, latin, mixed, neutral: answers all in Greek letters, all in Latin ones, in both, without letters.
    items: the number of questions.
    """

    exact_match: float
    other_language: float
    either: float
    target: float
    latin: float
    mixed: float
    neutral: float
    items: int


class ArmScores(NamedTuple):
    """Hold the scores of one model, by the language of the question."""

    greek: LanguageScores
    english: LanguageScores


def measure(evaluation: Path) -> ArmScores:
    """Read the scores from an evaluation directory that has both tasks."""
    results, rows = read_results(evaluation), predictions(evaluation)
    greek, english = rows[GREEK_TASK], rows[ENGLISH_TASK]
    _, normalise = normaliser(find_task(GREEK_TASK))
    # No evaluation scores English questions against Greek references. The files are parallel: the same id has them.
    in_greek = [100 * score(english[id]["prediction"], greek[id]["references"], normalise)[0] for id in english]
    in_english = [row["exact_match_english"] for row in greek.values()]
    return ArmScores(
        scores_of(list(greek.values()), in_english, results[GREEK_TASK]["exact_match"]),
        scores_of(list(english.values()), in_greek, results[ENGLISH_TASK]["exact_match"]),
    )


def scores_of(rows: list[dict[str, Any]], in_other_language: list[float], exact_match: float) -> LanguageScores:
    """Average one language's predictions. in_other_language: their exact match (0 or 100) in the other language."""
    either = [max(row["exact_match"], also) for row, also in zip(rows, in_other_language, strict=True)]
    languages = Counter(answer_language(row["prediction"], "el") for row in rows)
    shares = {kind: round(100 * languages[kind] / len(rows), 2) for kind in get_args(AnswerLanguage)}
    return LanguageScores(exact_match, mean(in_other_language), mean(either), **shares, items=len(rows))


def predictions(evaluation: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Read the lines of predictions.jsonl, by task and id."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for row in read_records(evaluation / PREDICTIONS):
        rows.setdefault(row["task"], {})[row["id"]] = dict(row)
    return rows


def mean(values: list[float]) -> float:
    """Average to two decimals, as results.json has them."""
    return round(sum(values) / len(values), 2)
