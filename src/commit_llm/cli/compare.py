"""`commit-llm compare`: evaluations of several systems side by side, with what chance can explain."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse


@dataclass(frozen=True)
class Compare:
    """Compare evaluations of several systems: scores, 95 % intervals, differences to a baseline and tests.

    Writes a page, tables (Markdown, LaTeX, CSV), charts (PNG) and comparison.json into a folder. docs/evaluation.md
    explains each figure.
    """

    evaluations: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Evaluation directories (or outputs of `run`), each [NAME=]DIR; several with one NAME are seeds of one system."""
    out: Path
    """The folder to make: index.html, scores.md, scores.tex, scores.csv, *.png, comparison.json."""
    baseline: str | None = None
    """Compare the other systems with this one. Default: the first."""
    by: Literal["context", "article"] = "context"
    """Draw the questions of a context together, or those of a whole article."""
    resamples: int = 10_000
    """Resamples of the bootstrap and of the sign flips."""
    seed: int = 0
    """Seed of the resamples."""
    allow_contamination: bool = False
    """Compare even if training texts contained contexts of the questions."""
    overwrite: bool = False
    """Replace a comparison that exists."""
    json: bool = False
    """Print comparison.json instead of tables."""


def run(argv: list[str]) -> None:
    command = parse(Compare, "compare", argv)
    from rich.console import Console

    from commit_llm.files.whole import refuse_existing_folder
    from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
    from commit_llm.report.comparison.comparison_terminal import show
    from commit_llm.report.comparison.machine_readable import as_data
    from commit_llm.report.comparison.output_folder import MARKER, PAGE, write_comparison
    from commit_llm.report.comparison.systems import read_systems

    refuse_existing_folder(command.out, command.overwrite, MARKER)
    settings = ComparisonSettings(
        command.baseline, command.by, command.resamples, command.seed, command.allow_contamination
    )
    comparison = compare_systems(read_systems(command.evaluations), settings)
    written = write_comparison(comparison, command.out, command.overwrite)
    if command.json:
        say_json(as_data(comparison))
        return
    console = Console()
    show(comparison, console if console.is_terminal else Console(width=160))
    say(f"wrote {command.out}: {', '.join(written)}")
    say(f"Open {command.out / PAGE} in a browser.")
