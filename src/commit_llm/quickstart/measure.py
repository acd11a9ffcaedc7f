"""What is measured of a tuned model: its answers to the same questions in Greek and in English."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, get_args

from commit_llm.evaluate.language import AnswerLanguage, answer_language
from commit_llm.evaluate.scores import normaliser, score
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.runs.evaluation import PREDICTIONS, read_results

GREEK_TASK, ENGLISH_TASK = "xquad_instruct_el", "xquad_instruct_en"


class Asked(NamedTuple):
    """Percent of the questions asked in one language.

    exact_match: right in the language of the question; other_language: the answer is the gold of the
    other one; either: right in one of them. target, latin, mixed, neutral: answers all in Greek letters,
    all in Latin ones, of both, without letters.
    """

    exact_match: float
    other_language: float
    either: float
    target: float
    latin: float
    mixed: float
    neutral: float
    items: int


class Measured(NamedTuple):
    """The two languages that a model was asked in."""

    greek: Asked
    english: Asked


def measure(evaluation: Path) -> Measured:
    """Read an evaluation directory that holds both tasks."""
    results, rows = read_results(evaluation), predictions(evaluation)
    greek, english = rows[GREEK_TASK], rows[ENGLISH_TASK]
    _, normalise = normaliser(find_task(GREEK_TASK))
    # Of English questions no score in Greek is kept: the files are parallel, so the gold of the same id is at hand.
    in_greek = [100 * score(english[id]["prediction"], greek[id]["references"], normalise)[0] for id in english]
    in_english = [row["exact_match_english"] for row in greek.values()]
    return Measured(
        asked(list(greek.values()), in_english, results[GREEK_TASK]["exact_match"]),
        asked(list(english.values()), in_greek, results[ENGLISH_TASK]["exact_match"]),
    )


def asked(rows: list[dict[str, Any]], other: list[float], exact_match: float) -> Asked:
    """The shares of one language's predictions; other holds their exact match (0 or 100) in the other language."""
    either = [max(row["exact_match"], also) for row, also in zip(rows, other, strict=True)]
    languages = Counter(answer_language(row["prediction"], "el") for row in rows)
    shares = {kind: round(100 * languages[kind] / len(rows), 2) for kind in get_args(AnswerLanguage)}
    return Asked(exact_match, mean(other), mean(either), **shares, items=len(rows))


def predictions(evaluation: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of predictions.jsonl, by task and id."""
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for row in read_records(evaluation / PREDICTIONS):
        rows.setdefault(row["task"], {})[row["id"]] = dict(row)
    return rows


def mean(values: list[float]) -> float:
    """To two decimals, as results.json has it."""
    return round(sum(values) / len(values), 2)
