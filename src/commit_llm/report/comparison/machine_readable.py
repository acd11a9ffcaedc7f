"""A comparison for programs: CSV, and the content of comparison.json."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from commit_llm.report.comparison.caveats import trained_on
from commit_llm.report.comparison.comparison import Cell, Comparison, Suite
from commit_llm.report.comparison.figures import signatures
from commit_llm.runs.answer_shares import AnswerShares

SCHEMA = 2


def table(comparison: Comparison) -> str:
    """Write CSV: a line for each suite, metric, system and column, with every figure in full; then the shares."""
    file = io.StringIO()
    heads = (
        "suite", "system", "seeds", "language", "metric", "score", "low", "high", "difference", "difference_low",
        "difference_high", "p_sign_flip", "p_bootstrap", "differs",
    )  # fmt: skip
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(heads)
    for suite in comparison.suites:
        for metric, systems in suite.cells.items():
            for system in comparison.systems:
                for column, cell in systems[system.name].items():
                    figures = [
                        *cell.score,
                        *(cell.difference or (None, None, None)),
                        cell.p_sign_flip,
                        cell.p_bootstrap,
                    ]
                    shown = ["" if figure is None else f"{figure:.6g}" for figure in figures]
                    differs = "" if cell.difference is None else _whether_it_differs(cell)
                    writer.writerow([suite.name, _formula(system.name), system.seeds, column, metric, *shown, differs])
        for system in comparison.systems:
            for column, metric, share in _shares(suite, system.name):
                cells = [f"{share:.6g}", *[""] * (len(heads) - 6)]
                writer.writerow([suite.name, _formula(system.name), system.seeds, column, metric, *cells])
    return file.getvalue()


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Gather what comparison.json holds."""
    return {
        "schema": SCHEMA,
        "baseline": comparison.baseline,
        "by": comparison.by,
        "resamples": comparison.resamples,
        "notes": list(comparison.notes),
        "systems": [
            {"name": system.name, "seeds": system.seeds, "trained_on": trained_on(system)}
            for system in comparison.systems
        ],
        "suites": {
            suite.name: {
                "tasks": dict(suite.tasks),
                "questions": dict(suite.questions),
                "clusters": suite.clusters,
                "mean_of": list(suite.mean_of),
                **({"chance": dict(suite.chance)} if suite.chance else {}),
                "scores": {
                    metric: {
                        name: {column: _cell_data(cell) for column, cell in cells.items()}
                        for name, cells in systems.items()
                    }
                    for metric, systems in suite.cells.items()
                },
                "outcomes": {
                    name: {language: outcome._asdict() for language, outcome in languages.items()}
                    for name, languages in suite.outcomes.items()
                },
                "answer_language": {
                    name: {language: _kinds(shares) for language, shares in languages.items()}
                    for name, languages in suite.answered_in.items()
                },
                "in_context": {name: dict(languages) for name, languages in suite.in_context.items()},
            }
            for suite in comparison.suites
        },
        "signatures": [{"system": name, "signature": signature} for name, signature in signatures(comparison)],
    }


def _shares(suite: Suite, system: str) -> Iterator[tuple[str, str, float]]:
    """Give the shares of a system's answers: language, name, percentage."""
    for language, shares in suite.answered_in.get(system, {}).items():
        for kind, share in _kinds(shares).items():
            if share is not None:
                yield language, f"answer_language_{kind}", share
    for language, share in suite.in_context.get(system, {}).items():
        yield language, "in_context", share


def _kinds(shares: AnswerShares) -> dict[str, float | None]:
    return {kind: share for kind, share in shares._asdict().items() if kind != "by_letters"}


def _whether_it_differs(cell: Cell) -> str:
    return "yes" if cell.differs else "checkpoints" if cell.checkpoints_differ else "no"


def _cell_data(cell: Cell) -> dict[str, Any]:
    return {
        "score": cell.score._asdict(),
        "difference": cell.difference._asdict() if cell.difference else None,
        "p_sign_flip": cell.p_sign_flip,
        "p_bootstrap": cell.p_bootstrap,
        "differs": cell.differs,
        "checkpoints_differ": cell.checkpoints_differ,
    }


def _formula(name: str) -> str:
    """Make text of a name that a spreadsheet would take for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@")) else name
