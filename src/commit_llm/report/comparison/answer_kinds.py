"""What a system's answers are, beside right or wrong: in which language, and whether they stand in their context."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from commit_llm.report.comparison.systems import System
from commit_llm.runs.answer_shares import AnswerShares, answer_shares

Figure = TypeVar("Figure")


def answered_in(systems: Sequence[System], tasks: Mapping[str, str]) -> dict[str, dict[str, AnswerShares]]:
    """Average the shares of languages over the runs of each system, for languages that all runs have shares of.

    tasks: names by language.
    """
    return {
        name: {language: _mean_shares(shares) for language, shares in languages.items()}
        for name, languages in _of_all(systems, tasks, answer_shares).items()
    }


def in_context(systems: Sequence[System], tasks: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Average over the runs of each system the percentage of answers that stand in their context."""
    return {
        name: {language: _mean(shares) for language, shares in languages.items()}
        for name, languages in _of_all(systems, tasks, lambda entry: entry.get("in_context")).items()
    }


def _of_all(
    systems: Sequence[System], tasks: Mapping[str, str], figure: Callable[[Mapping[str, Any]], Figure | None]
) -> dict[str, dict[str, list[Figure]]]:
    """Gather a figure of every run, by system and language; only of the languages where no run lacks it."""
    figures: dict[str, dict[str, list[Figure]]] = {system.name: {} for system in systems}
    for language, task in tasks.items():
        of_systems = {system.name: [figure(run.tasks[task]) for run in system.runs] for system in systems}
        known = {name: [value for value in values if value is not None] for name, values in of_systems.items()}
        if all(len(known[name]) == len(values) for name, values in of_systems.items()):
            for name, values in known.items():
                figures[name][language] = values
    return figures


def _mean_shares(shares: Sequence[AnswerShares]) -> AnswerShares:
    english = [one.english for one in shares if one.english is not None]
    return AnswerShares(
        _mean([one.target for one in shares]),
        _mean(english) if english else None,
        _mean([one.other for one in shares]),
        _mean([one.unknown for one in shares]),
        shares[0].by_letters,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
