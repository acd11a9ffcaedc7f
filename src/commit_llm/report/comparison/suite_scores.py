"""The figures of one suite: each system's scores, differences, tests and outcomes, by language and as a mean."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from commit_llm.report.comparison.answer_kinds import answered_in, in_context
from commit_llm.report.comparison.clusters import By, clusters
from commit_llm.report.comparison.comparison import Cell, Interval, Outcomes, Suite
from commit_llm.report.comparison.evaluated_run import EvaluatedRun
from commit_llm.report.comparison.significance import Difference, Estimate, compare, holm
from commit_llm.report.comparison.systems import System
from commit_llm.runs.entries import MEAN, shared_metrics


def compare_suite(
    name: str,
    tasks: dict[str, str],
    systems: Sequence[System],
    baseline: int,
    *,
    by: By,
    resamples: int,
    seed: int,
) -> Suite:
    """Compare systems over the tasks of a suite.

    tasks: their names, by language.
    baseline: the place of a system.
    """
    languages = list(tasks)
    metrics = shared_metrics(
        name, (run.tasks[task] for system in systems for run in system.runs for task in tasks.values())
    )
    first = systems[0].runs[0].rows
    rows = {task: list(first[task].values()) for task in tasks.values()}
    of_rows, number = clusters(rows, by)
    counts = np.stack([np.bincount(of_rows[task], minlength=number) for task in tasks.values()], axis=1)
    not_english = tuple(language for language in languages if language != "en")
    mean_of = not_english if len(not_english) > 1 else ()
    columns = np.eye(len(languages))
    if mean_of:
        mean = np.array([[language in mean_of] for language in languages]) / len(mean_of)
        columns = np.concatenate([columns, mean], axis=1)

    def sums(metric: str, run: EvaluatedRun) -> np.ndarray:
        """Sum the scores of each cluster: (clusters, languages)."""
        values = [[run.rows[task][row["id"]][metric] for row in rows[task]] for task in tasks.values()]
        return np.stack(
            [np.bincount(of_rows[task], scores, number) for task, scores in zip(rows, values, strict=True)], axis=1
        )

    arms = [
        np.stack([np.concatenate([sums(metric, run) for metric in metrics], axis=1) for run in system.runs])
        for system in systems
    ]
    # The metrics stand side by side as if they were languages: they share the resamples.
    estimates, differences = compare(
        arms,
        np.tile(counts, len(metrics)),
        np.kron(np.eye(len(metrics)), columns),
        baseline,
        resamples=resamples,
        seed=seed,
    )
    width = columns.shape[1]
    cells = {
        metric: {
            system.name: _cells(
                [*languages, MEAN][:width],
                place * width,
                len(languages),
                estimate,
                difference,
                of_checkpoints=min(system.seeds, systems[baseline].seeds) == 1,
            )
            for system, estimate, difference in zip(systems, estimates, differences, strict=True)
        }
        for place, metric in enumerate(metrics)
    }
    outcomes = {system.name: _outcomes(system, tasks) for system in systems}
    # A system may have been evaluated without the English references of a language.
    of_all = set(languages).intersection(*outcomes.values())
    outcomes = {
        name: {language: of_system[language] for language in of_system if language in of_all}
        for name, of_system in outcomes.items()
    }
    questions = {language: len(rows[task]) for language, task in tasks.items()}
    return Suite(
        name,
        tasks,
        mean_of,
        questions,
        number,
        cells,
        outcomes,
        metrics=metrics,
        chance=_chance(systems, tasks),
        answered_in=answered_in(systems, tasks),
        in_context=in_context(systems, tasks),
    )


def _cells(
    columns: Sequence[str],
    start: int,
    languages: int,
    estimate: Estimate,
    difference: Difference | None,
    *,
    of_checkpoints: bool,
) -> dict[str, Cell]:
    """Make the cells of one metric and system, whose results begin at start."""
    stop = start + len(columns)
    scores = _intervals(estimate, start, stop, (0.0, 100.0))
    if difference is None:
        return {column: Cell(score) for column, score in zip(columns, scores, strict=True)}
    differences = _intervals(difference.estimate, start, stop, (-100.0, 100.0))
    tests = []
    for p in (difference.p_sign_flip, difference.p_bootstrap):
        raised = [*holm(p[start : start + languages]), *p[start + languages : stop]]
        tests.append([None if math.isnan(value) else float(value) for value in raised])
    return {
        column: Cell(scores[n], differences[n], tests[0][n], tests[1][n], of_checkpoints)
        for n, column in enumerate(columns)
    }


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


def _chance(systems: Sequence[System], tasks: Mapping[str, str]) -> dict[str, float]:
    """Give the share that guessing has first. All runs have the same, since they were asked alike."""
    of_first = {language: systems[0].runs[0].tasks[task].get("chance") for language, task in tasks.items()}
    return {language: chance for language, chance in of_first.items() if chance is not None}


def _outcomes(system: System, tasks: Mapping[str, str]) -> dict[str, Outcomes]:
    """Average the outcomes over the runs, for languages whose answers were all compared with English references too."""
    outcomes = {}
    for language, task in tasks.items():
        rows = [row for run in system.runs for row in run.rows[task].values()]
        if all("exact_match_english" in row for row in rows):
            target = sum(row["exact_match"] == 100 for row in rows)
            english = sum(row["exact_match"] < 100 and row["exact_match_english"] == 100 for row in rows)
            shares = [100 * count / len(rows) for count in (target, english, len(rows) - target - english)]
            outcomes[language] = Outcomes(*shares)
    return outcomes
