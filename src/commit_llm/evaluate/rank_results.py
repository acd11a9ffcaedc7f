"""What an evaluation says of a task that ranks answers: its entry with the signature, and its rows."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from commit_llm.evaluate.candidates import Likelihoods, RankedQuestion
from commit_llm.evaluate.results import mean_and_error
from commit_llm.evaluate.tasks import Task


class Ranking(NamedTuple):
    """Hold the scores of a question's candidates: log-likelihood by character, with and without the context."""

    item: RankedQuestion
    with_context: list[float]
    without_context: list[float]
    truncated: bool

    @classmethod
    def of(cls, item: RankedQuestion, with_context: Likelihoods, without_context: Likelihoods) -> "Ranking":
        """Divide log-likelihoods by the characters of each candidate.

        So does lm-evaluation-harness for `acc_norm` (`process_results` of its multiple choice).
        """
        lengths = [len(candidate) for candidate in item.candidates]
        by_character, by_character_without = (
            [value / length for value, length in zip(reply.log_likelihoods, lengths, strict=True)]
            for reply in (with_context, without_context)
        )
        return cls(item, by_character, by_character_without, with_context.truncated)

    @property
    def first(self) -> bool:
        """Tell whether the right answer alone has the highest score."""
        return is_first(self.with_context, self.item.right)

    @property
    def first_without_context(self) -> bool:
        """Tell the same without the context."""
        return is_first(self.without_context, self.item.right)


def is_first(scores: Sequence[float], right: int) -> bool:
    """Tell whether the score at a place is higher than all others.

    >>> is_first([-1.0, -2.0], 0), is_first([-1.0, -1.0], 0)
    (True, False)
    """
    return all(scores[right] > score for place, score in enumerate(scores) if place != right)


def rank_figures(rankings: Sequence[Ranking]) -> dict[str, Any]:
    """Give the figures of a task, shares 0-100 with standard errors.

    chance: the share that guessing has.
    candidates: their mean number.
    log_likelihood: of the right answer, by character; the mean.
    """
    count = len(rankings)
    rights = [ranking.item.right for ranking in rankings]
    numbers = [len(ranking.item.candidates) for ranking in rankings]
    return {
        **mean_and_error("first", [float(ranking.first) for ranking in rankings]),
        **mean_and_error("first_without_context", [float(ranking.first_without_context) for ranking in rankings]),
        "chance": round(100 * sum(1 / number for number in numbers) / count, 2),
        "candidates": round(sum(numbers) / count, 2),
        "log_likelihood": _mean_right([ranking.with_context for ranking in rankings], rights),
        "log_likelihood_without_context": _mean_right([ranking.without_context for ranking in rankings], rights),
    }


def _mean_right(scores: Sequence[Sequence[float]], rights: Sequence[int]) -> float:
    return round(sum(of_item[right] for of_item, right in zip(scores, rights, strict=True)) / len(scores), 4)


def rank_rows(task: Task, rankings: Sequence[Ranking]) -> list[dict[str, Any]]:
    """Make the lines of predictions.jsonl. A prediction is the candidate that the model puts first."""
    rows = []
    for item, with_context, without_context, truncated in rankings:
        question = item.question
        prompt = task.prompt(question.context, question.question).encode("utf-8", "surrogatepass")
        rows.append(
            {
                "id": question.id,
                "task": task.name,
                "context_id": question.context_id,
                "question": question.question,
                "prediction": item.candidates[with_context.index(max(with_context))],
                "references": list(question.references),
                "candidates": _candidates(item, with_context, without_context),
                "right": item.right,
                "first": 100.0 * is_first(with_context, item.right),
                "first_without_context": 100.0 * is_first(without_context, item.right),
                "truncated": truncated,
                "prompt_sha256": hashlib.sha256(prompt).hexdigest(),
            }
        )
    return rows


def _candidates(
    item: RankedQuestion, with_context: Sequence[float], without_context: Sequence[float]
) -> list[Mapping[str, Any]]:
    scores = zip(item.candidates, with_context, without_context, strict=True)
    return [{"text": text, "score": score, "score_without_context": without} for text, score, without in scores]
