"""A comparison in the terminal: for each suite and metric a table, a line for each language and system."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from commit_llm.errors import visible
from commit_llm.report.comparison.caveats import trained_on
from commit_llm.report.comparison.comparison import Cell, Comparison, Suite
from commit_llm.report.comparison.figures import interval, mark, method, p_value, short, size
from commit_llm.report.comparison.share_tables import ShareTable, share_tables

NAME = 24  # columns of the terminal for the name of a system; a longer one is cut


def show(comparison: Comparison, console: Console) -> None:
    """Print the tables, what each system was trained on, and the notes."""
    for suite in comparison.suites:
        for metric, label in suite.metrics.items():
            console.print(Text(f"{suite.name}, {label}", style="bold"))
            console.print(_table(comparison, suite, metric, label))
        console.print(Text(size(suite, comparison.by)))
        for shares in share_tables(suite):
            console.print(Text("\nPercent of the answers", style="bold"))
            console.print(_shares(comparison, shares))
    console.print(Text(visible(method(comparison))))
    console.print(_trained(comparison))
    for note in comparison.notes:
        console.print(Text(visible(note), style="yellow"))


def _table(comparison: Comparison, suite: Suite, metric: str, label: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, side in (("", "left"), ("system", "left"), (label, "right"), ("difference", "right"), ("p", "right")):
        table.add_column(name, justify=side, no_wrap=True)  # type: ignore[arg-type]
    names = comparison.names
    for column in suite.columns:
        for name in names:
            cell = suite.cells[metric][name][column]
            first = column if name == names[0] else ""
            cells = [first, short(name, NAME), interval(cell.score, ".1f"), *_difference(cell)]
            table.add_row(*map(Text, cells), style=_style(cell), end_section=name == names[-1])
    return table


def _difference(cell: Cell) -> tuple[str, str]:
    if cell.difference is None:
        return "baseline", ""
    shown = interval(cell.difference, "+.1f")
    p = "" if cell.p_sign_flip is None else p_value(cell.p_sign_flip)
    return shown, p + (mark(cell) or " ")


def _style(cell: Cell) -> str:
    if not cell.differs or cell.difference is None:
        return ""
    return "green" if cell.difference.value > 0 else "red"


def _shares(comparison: Comparison, shares: ShareTable) -> Table:
    """Write a line for each language and system: any number of languages fits into the terminal."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("", "system"):
        table.add_column(name, no_wrap=True)
    for kind in shares.kinds:
        table.add_column(kind, justify="right")
    names = comparison.names
    for language in shares.languages:
        for name in names:
            first = language if name == names[0] else ""
            cells = [first, short(name, NAME), *shares.figures(name, language, ".0f")]
            table.add_row(*map(Text, cells), end_section=name == names[-1])
    return table


def _trained(comparison: Comparison) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("system", no_wrap=True)
    table.add_column("seeds", justify="right")
    table.add_column("trained on")
    for system in comparison.systems:
        table.add_row(Text(short(system.name, NAME)), str(system.seeds), Text(visible("\n".join(trained_on(system)))))
    return table
