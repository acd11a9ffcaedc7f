"""A comparison in the terminal."""

import io

from rich.console import Console

from commit_llm.report.comparison.comparison_terminal import show
from tests.report.comparison.evaluations import AWKWARD


def test_terminal(compared):
    """Every language and system has its line; a name with brackets is no markup."""
    console = Console(width=100, file=io.StringIO())
    show(compared, console)
    text = console.file.getvalue()
    assert text.count("commit ") >= 8
    assert AWKWARD in text
    assert max(map(len, text.splitlines())) <= 100
    cell = compared.suites[0].cells["f1"]["commit"]["mean"]
    assert f"{cell.score.value:.1f} [{cell.score.low:.1f}, {cell.score.high:.1f}]" in text
