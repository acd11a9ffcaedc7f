"""The comparison of systems made: what they share is checked, and its tasks are compared suite by suite."""

from collections.abc import Sequence
from dataclasses import dataclass

from commit_llm.errors import UserError
from commit_llm.report.comparison.alike import common_tasks, contaminated, require_alike
from commit_llm.report.comparison.caveats import caveats
from commit_llm.report.comparison.clusters import By
from commit_llm.report.comparison.comparison import Comparison
from commit_llm.report.comparison.suite_scores import compare_suite
from commit_llm.report.comparison.systems import System

RESAMPLES = 10_000
MOST_RESAMPLES = 100_000  # with 8 systems in 12 languages they take 1 GB


@dataclass(frozen=True)
class ComparisonSettings:
    """Describe how systems are compared.

    baseline: the name of a system. None takes the first.
    by: what the questions are drawn by.
    """

    baseline: str | None = None
    by: By = "context"
    resamples: int = RESAMPLES
    seed: int = 0
    allow_contamination: bool = False


def compare_systems(systems: Sequence[System], settings: ComparisonSettings) -> Comparison:
    """Compare systems over all tasks that they share.

    Raises UserError where they were asked or scored differently, where a model was trained on a context of the tasks
    (unless allow_contamination), and for a baseline or an article that does not exist.
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
    lines = contaminated(systems, tasks)
    if lines and not settings.allow_contamination:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise UserError(
            f"contaminated: the training text held contexts of the questions: {lines[0]}{more}; leave the system out, "
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
        tuple(
            compare_suite(
                name,
                of_suite,
                systems,
                names.index(baseline),
                by=settings.by,
                resamples=settings.resamples,
                seed=settings.seed,
            )
            for name, of_suite in suites.items()
        ),
        tuple(caveats(systems, baseline, tasks, lines)),
    )
