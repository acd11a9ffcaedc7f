"""The figures of a comparison as text, for the page, the tables and the terminal."""

from collections.abc import Iterator

from commit_llm.errors import visible
from commit_llm.report.comparison.clusters import By
from commit_llm.report.comparison.comparison import Cell, Comparison, Interval, Suite
from commit_llm.runs.entries import MATCH_METRICS

STAR, DAGGER = "*", "†"


def method(comparison: Comparison) -> str:
    """Say in a few sentences how the figures were made."""
    seeds = any(system.seeds > 1 for system in comparison.systems)
    dagger = (
        f" {DAGGER}: so too, but with one seed on a side: these checkpoints differ, which says nothing of methods."
        if any(system.seeds == 1 for system in comparison.systems)
        else ""
    )
    return (
        f"Differences are to {comparison.baseline}. 95 % intervals from {comparison.resamples:,} resamples of "
        f"{comparison.by}s{' and seeds' if seeds else ''}; {STAR}: both the paired bootstrap and the sign-flip test "
        f"have p < 0.05, corrected over the languages (Holm).{dagger}"
    )


def size(suite: Suite, by: By) -> str:
    """Say how many questions there are, in how many contexts or articles, what the mean is of, and what chance does."""
    numbers = sorted(set(suite.questions.values()))
    questions = f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
    a_language = " a language" if len(suite.questions) > 1 else ""
    mean = f" The mean is that of {', '.join(suite.mean_of)}." if suite.mean_of else ""
    return f"{questions} questions{a_language}, of {suite.clusters:,} {by}s.{mean}{_chance(suite)}"


def _chance(suite: Suite) -> str:
    if not suite.chance:
        return ""
    shares = ", ".join(f"{chance:.1f} ({language})" for language, chance in suite.chance.items())
    matched = ", and 50 percent of the pairs of questions match" if set(MATCH_METRICS) & set(suite.metrics) else ""
    return f" By chance the right answer is first in {shares} percent{matched}."


def score(cell: Cell) -> str:
    """Write a score with its interval, and a mark where it differs from the baseline's."""
    return interval(cell.score, ".1f") + mark(cell)


def difference(cell: Cell) -> str:
    """Write a difference with its interval and the p-value of the sign flips."""
    if cell.difference is None:
        return ""
    p = "" if cell.p_sign_flip is None else f" p {p_value(cell.p_sign_flip)}"
    return interval(cell.difference, "+.1f") + p + mark(cell)


def mark(cell: Cell) -> str:
    """Give a star where a system differs from the baseline, a dagger where only checkpoints are known to."""
    return STAR if cell.differs else DAGGER if cell.checkpoints_differ else ""


def interval(figure: Interval, form: str) -> str:
    """Write a figure with its interval, such as 41.2 [39.0, 43.4], with true minus signs."""
    shown = f"{figure.value:{form}}"
    if figure.low is not None:
        shown += f" [{figure.low:{form}}, {figure.high:{form}}]"
    return shown.replace("-", "−")


def p_value(p: float) -> str:
    """Write a p-value with three decimals, or say that it is smaller."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def short(name: str, most: int) -> str:
    """Cut a name of a system to so many characters, and remove signs that move a cursor."""
    shown = visible(name)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def signatures(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """Give the signature of every task of every run, each after the name of its system."""
    tasks = [task for suite in comparison.suites for task in suite.tasks.values()]
    for system in comparison.systems:
        for run in system.runs:
            for task in tasks:
                yield system.name, str(run.tasks[task].get("signature"))
