"""The comparison of systems: scores, intervals, differences and tests for each suite of tasks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from commit_llm.errors import UserError
from commit_llm.report.comparison.caveats import notes
from commit_llm.report.comparison.clusters import By, clusters
from commit_llm.report.comparison.entries import MEAN, METRICS
from commit_llm.report.comparison.significance import Difference, Estimate, compare, holm
from commit_llm.report.comparison.systems import Run, System, common_tasks, contaminated, require_alike

LEVEL = 0.05
RESAMPLES = 10_000
MOST_RESAMPLES = 100_000  # of 8 systems in 12 languages they take a GB


@dataclass(frozen=True)
class Settings:
    """How systems are compared. baseline: the name of a system; the first by default."""

    baseline: str | None = None
    by: By = "context"
    resamples: int = RESAMPLES
    seed: int = 0
    allow_contamination: bool = False


class Interval(NamedTuple):
    """A figure on the scale of 0 to 100 and its 95 % interval; None where clusters tell nothing of others."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Cell:
    """A system's score in a column, and its difference to the baseline's (None for the baseline itself).

    The p-values are those of the sign flips and of the bootstrap; those of a language are raised for the number of
    languages (Holm), that of the mean is one test.
    """

    score: Interval
    difference: Interval | None = None
    p_sign_flip: float | None = None
    p_bootstrap: float | None = None

    @property
    def differs(self) -> bool:
        """Whether both tests say that it is more than chance."""
        tests = (self.p_sign_flip, self.p_bootstrap)
        return all(p is not None and p < LEVEL for p in tests)


class Outcomes(NamedTuple):
    """Percent of the answers: right in the language, right in English only, wrong. They sum to 100."""

    target: float
    english: float
    wrong: float


@dataclass(frozen=True)
class Suite:
    """The tasks that differ in language alone. tasks: by language, in the order of the columns.

    mean_of: the languages that the last column averages; none where there is no such column. cells: by metric,
    system and column. outcomes: by system and language, where English references are known.
    """

    name: str
    tasks: Mapping[str, str]
    mean_of: tuple[str, ...]
    questions: Mapping[str, int]
    clusters: int
    cells: Mapping[str, Mapping[str, Mapping[str, Cell]]]
    outcomes: Mapping[str, Mapping[str, Outcomes]]

    @property
    def columns(self) -> list[str]:
        """The languages, and the mean where there is one."""
        return [*self.tasks, *([MEAN] if self.mean_of else [])]


@dataclass(frozen=True)
class Comparison:
    """Systems compared. notes: what a reader must know, a sentence each."""

    systems: tuple[System, ...]
    baseline: str
    by: By
    resamples: int
    suites: tuple[Suite, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Of the systems, in the order given."""
        return [system.name for system in self.systems]


def compare_systems(systems: Sequence[System], settings: Settings) -> Comparison:
    """Compare systems over all tasks that they share.

    Raises UserError where they were asked or scored differently, where training text held a context of the tasks
    (unless allow_contamination), and for a baseline or a cluster that there is not.
    """
    names = [system.name for system in systems]
    baseline = names[0] if settings.baseline is None else settings.baseline
    if baseline not in names:
        raise UserError(f"--baseline {baseline}: no such system; there are {', '.join(names)}")
    if not 100 <= settings.resamples <= MOST_RESAMPLES:
        raise UserError(
            f"--resamples {settings.resamples}: must be 100 to {MOST_RESAMPLES}; {RESAMPLES} is the usual number"
        )
    if settings.seed < 0:
        raise UserError(f"--seed {settings.seed}: must be 0 or more")
    tasks = common_tasks(systems)
    require_alike(systems, tasks)
    found = contaminated(systems, tasks)
    if found and not settings.allow_contamination:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise UserError(
            f"contaminated: the training text held contexts of the questions: {found[0]}{more}; leave the system out, "
            "or compare all the same with --allow-contamination"
        )
    entries = systems[0].runs[0].tasks
    suites: dict[str, dict[str, str]] = {}
    for task in tasks:
        of_suite = suites.setdefault(entries[task]["suite"], {})
        language = entries[task]["language"]
        if language in of_suite:
            raise UserError(
                f"{systems[0].runs[0].folder}: {of_suite[language]} and {task} are both of suite "
                f"{entries[task]['suite']} in language {language}; evaluate again with this version"
            )
        of_suite[language] = task
    return Comparison(
        tuple(systems),
        baseline,
        settings.by,
        settings.resamples,
        tuple(_suite(name, of_suite, systems, names.index(baseline), settings) for name, of_suite in suites.items()),
        tuple(notes(systems, baseline, tasks, found)),
    )


def _suite(name: str, tasks: dict[str, str], systems: Sequence[System], baseline: int, settings: Settings) -> Suite:
    languages = list(tasks)
    first = systems[0].runs[0].rows
    rows = {task: list(first[task].values()) for task in tasks.values()}
    of_rows, number = clusters(rows, settings.by)
    counts = np.stack([np.bincount(of_rows[task], minlength=number) for task in tasks.values()], axis=1)
    others = tuple(language for language in languages if language != "en")
    mean_of = others if len(others) > 1 else ()
    columns = np.eye(len(languages))
    if mean_of:
        mean = np.array([[language in mean_of] for language in languages]) / len(mean_of)
        columns = np.concatenate([columns, mean], axis=1)

    def sums(metric: str, run: Run) -> np.ndarray:
        """(clusters, languages)"""
        values = [[run.rows[task][row["id"]][metric] for row in rows[task]] for task in tasks.values()]
        return np.stack(
            [np.bincount(of_rows[task], scores, number) for task, scores in zip(rows, values, strict=True)], axis=1
        )

    arms = [
        np.stack([np.concatenate([sums(metric, run) for metric in METRICS], axis=1) for run in system.runs])
        for system in systems
    ]
    # The metrics stand side by side as if they were languages: they share the resamples.
    metrics = np.eye(len(METRICS))
    estimates, differences = compare(
        arms,
        np.tile(counts, len(METRICS)),
        np.kron(metrics, columns),
        baseline,
        resamples=settings.resamples,
        seed=settings.seed,
    )
    width = columns.shape[1]
    cells = {
        metric: {
            system.name: _cells([*languages, MEAN][:width], place * width, len(languages), estimate, difference)
            for system, estimate, difference in zip(systems, estimates, differences, strict=True)
        }
        for place, metric in enumerate(METRICS)
    }
    outcomes = {system.name: _outcomes(system, tasks) for system in systems}
    of_all = set(languages).intersection(*outcomes.values())  # a system may have been evaluated without English ones
    outcomes = {
        name: {language: found[language] for language in found if language in of_all}
        for name, found in outcomes.items()
    }
    questions = {language: len(rows[task]) for language, task in tasks.items()}
    return Suite(name, tasks, mean_of, questions, number, cells, outcomes)


def _cells(
    columns: Sequence[str], start: int, languages: int, estimate: Estimate, difference: Difference | None
) -> dict[str, Cell]:
    """The cells of one metric and system, whose results begin at start."""
    stop = start + len(columns)
    scores = _intervals(estimate, start, stop, (0.0, 100.0))
    if difference is None:
        return {column: Cell(score) for column, score in zip(columns, scores, strict=True)}
    apart = _intervals(difference.estimate, start, stop, (-100.0, 100.0))
    tests = []
    for p in (difference.p_sign_flip, difference.p_bootstrap):
        raised = [*holm(p[start : start + languages]), *p[start + languages : stop]]
        tests.append([None if math.isnan(value) else float(value) for value in raised])
    return {column: Cell(scores[n], apart[n], tests[0][n], tests[1][n]) for n, column in enumerate(columns)}


def _intervals(estimate: Estimate, start: int, stop: int, ends: tuple[float, float]) -> list[Interval]:
    low, high = np.clip(estimate.low, *ends), np.clip(estimate.high, *ends)
    return [
        Interval(
            float(estimate.value[n]),
            None if math.isnan(low[n]) else float(low[n]),
            None if math.isnan(high[n]) else float(high[n]),
        )
        for n in range(start, stop)
    ]


def _outcomes(system: System, tasks: Mapping[str, str]) -> dict[str, Outcomes]:
    """Means over the runs; only of languages in which all answers were held to the English references too."""
    found = {}
    for language, task in tasks.items():
        rows = [row for run in system.runs for row in run.rows[task].values()]
        if all("exact_match_english" in row for row in rows):
            target = sum(row["exact_match"] == 100 for row in rows)
            english = sum(row["exact_match"] < 100 and row["exact_match_english"] == 100 for row in rows)
            shares = [100 * count / len(rows) for count in (target, english, len(rows) - target - english)]
            found[language] = Outcomes(*shares)
    return found
