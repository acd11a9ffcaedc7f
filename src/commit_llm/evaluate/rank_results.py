"""What an evaluation says of a task that ranks answers: its entry with the signature, and its rows."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from commit_llm.evaluate.candidates import RankedQuestion
from commit_llm.evaluate.matching import matched
from commit_llm.evaluate.results import mean_and_error
from commit_llm.evaluate.tasks import Task

OF_PAIRS = ("matched", "matched_without_context")


class Ranking(NamedTuple):
    """Hold the log-likelihoods of a question's candidates, with and without the context, and whether it was shortened.

    The score of a candidate is its log-likelihood divided by its characters. So does lm-evaluation-harness for
    `acc_norm` (`process_results` of its multiple choice).
    """

    item: RankedQuestion
    with_context: list[float]
    without_context: list[float]
    truncated: bool

    @property
    def scores(self) -> list[float]:
        """Give the scores with the context."""
        return self._by_character(self.with_context)

    @property
    def scores_without_context(self) -> list[float]:
        """Give the scores without it."""
        return self._by_character(self.without_context)

    def _by_character(self, log_likelihoods: Sequence[float]) -> list[float]:
        return [value / len(text) for value, text in zip(log_likelihoods, self.item.candidates, strict=True)]


def is_first(scores: Sequence[float], right: int) -> bool:
    """Tell whether the score at a place is higher than all others.

    >>> is_first([-1.0, -2.0], 0), is_first([-1.0, -1.0], 0)
    (True, False)
    """
    return all(scores[right] > score for place, score in enumerate(scores) if place != right)


def rank_figures(rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Give the figures of a task, shares 0-100 with standard errors.

    matched: its error is over contexts, because both questions of a pair have its result.
    chance: the share that guessing has first.
    candidates: their mean number.
    log_likelihood: of the right answer, by character; the mean.
    """
    figures: dict[str, Any] = {}
    contexts = [ranking.item.context_id for ranking in rankings]
    for name, values in _shares(rankings).items():
        figures |= mean_and_error(name, values, contexts if name in OF_PAIRS else None)
    numbers = [len(ranking.item.candidates) for ranking in rankings]
    return figures | {
        "chance": round(100 * sum(1 / number for number in numbers) / len(numbers), 2),
        "candidates": round(sum(numbers) / len(numbers), 2),
        "log_likelihood": _mean([ranking.scores[ranking.item.right] for ranking in rankings]),
        "log_likelihood_without_context": _mean(
            [ranking.scores_without_context[ranking.item.right] for ranking in rankings]
        ),
    }


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)


def _shares(rankings: Sequence[Ranking]) -> dict[str, list[float]]:
    """Give what is a share of each question, in [0, 1]: whether it is first, and how many of its pairs match."""
    items = [ranking.item for ranking in rankings]
    shares = {
        "first": [float(is_first(ranking.scores, ranking.item.right)) for ranking in rankings],
        "first_without_context": [
            float(is_first(ranking.scores_without_context, ranking.item.right)) for ranking in rankings
        ],
        "matched": matched(items, [ranking.with_context for ranking in rankings]),
        "matched_without_context": matched(items, [ranking.without_context for ranking in rankings]),
    }
    return {name: values for name, values in shares.items() if values is not None}


def rank_rows(task: Task, rankings: Sequence[Ranking]) -> list[dict[str, Any]]:
    """Make the lines of predictions.jsonl. A prediction is the candidate that the model puts first."""
    shares, rows = _shares(rankings), []
    for place, ranking in enumerate(rankings):
        item, scores = ranking.item, ranking.scores
        question = item.question
        prompt = task.prompt(question.context, question.question).encode("utf-8", "surrogatepass")
        rows.append(
            {
                "id": question.id,
                "task": task.name,
                "context_id": question.context_id,
                "question": question.question,
                "prediction": item.candidates[scores.index(max(scores))],
                "references": list(question.references),
                "candidates": [
                    {"text": text, "score": score, "score_without_context": without}
                    for text, score, without in zip(
                        item.candidates, scores, ranking.scores_without_context, strict=True
                    )
                ],
                "right": item.right,
                **{name: round(100 * values[place], 2) for name, values in shares.items()},
                "truncated": ranking.truncated,
                "prompt_sha256": hashlib.sha256(prompt).hexdigest(),
            }
        )
    return rows
