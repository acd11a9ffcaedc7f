"""A comparison of systems: scores, intervals, differences and tests for each suite of tasks, as they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from commit_llm.report.comparison.clusters import By
from commit_llm.report.comparison.systems import System
from commit_llm.runs.answer_shares import AnswerShares
from commit_llm.runs.entries import MEAN

LEVEL = 0.05


class Interval(NamedTuple):
    """Hold a figure on the scale of 0 to 100 with its 95 % interval.

    low, high: None where the clusters say nothing about other clusters.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Cell:
    """Hold a system's score in a column.

    difference: to the baseline's score. None for the baseline itself.
    p_sign_flip, p_bootstrap: p-values of the difference. Those of a language are raised for the number of languages
    (Holm). That of the mean is one test and stays.
    of_checkpoints: whether a side of the difference has one seed, so that it says nothing of methods.
    """

    score: Interval
    difference: Interval | None = None
    p_sign_flip: float | None = None
    p_bootstrap: float | None = None
    of_checkpoints: bool = False

    @property
    def differs(self) -> bool:
        """Tell whether several seeds a side differ by more than chance, as both tests say."""
        return self._tests_agree() and not self.of_checkpoints

    @property
    def checkpoints_differ(self) -> bool:
        """Tell whether checkpoints differ by more than chance where that says nothing of methods."""
        return self._tests_agree() and self.of_checkpoints

    def _tests_agree(self) -> bool:
        return all(p is not None and p < LEVEL for p in (self.p_sign_flip, self.p_bootstrap))


class Outcomes(NamedTuple):
    """Hold percentages of the answers: right in the language, right in English only, wrong. They sum to 100."""

    target: float
    english: float
    wrong: float


@dataclass(frozen=True)
class Suite:
    """Hold the figures of tasks that differ in language alone.

    tasks: names by language, in the order of the columns.
    mean_of: the languages that the last column averages. Empty where there is no such column.
    questions: their number, by language.
    clusters: their number.
    metrics: what tables call the scores of its tasks.
    cells: by metric, system and column.
    chance: the share that guessing has first, by language, of tasks that rank.
    outcomes: by system and language, where all systems have English references.
    answered_in, in_context: by system and language, where all runs have these figures: shares of the answers by their
        language, and the percentage that stands in the context.
    """

    name: str
    tasks: Mapping[str, str]
    mean_of: tuple[str, ...]
    questions: Mapping[str, int]
    clusters: int
    cells: Mapping[str, Mapping[str, Mapping[str, Cell]]]
    outcomes: Mapping[str, Mapping[str, Outcomes]]
    metrics: Mapping[str, str]
    chance: Mapping[str, float]
    answered_in: Mapping[str, Mapping[str, AnswerShares]]
    in_context: Mapping[str, Mapping[str, float]]

    @property
    def columns(self) -> list[str]:
        """List the languages, and the mean where there is one."""
        return [*self.tasks, *([MEAN] if self.mean_of else [])]


@dataclass(frozen=True)
class Comparison:
    """Hold the comparison of systems.

    baseline: the name of the system that the others are compared with.
    by: what the clusters of questions are.
    notes: sentences that a reader of the figures must know.
    """

    systems: tuple[System, ...]
    baseline: str
    by: By
    resamples: int
    suites: tuple[Suite, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """List the names of the systems, in order."""
        return [system.name for system in self.systems]
