"""Rows of cells in columns, for every table that a command prints; figures as cells."""

from collections.abc import Mapping, Sequence
from typing import Any


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns two spaces apart, the first to the left, the rest to the right.

    >>> aligned([("task", "F1"), ("xquad", "20.25")])
    ['task      F1', 'xquad  20.25']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def figure_cell(value: float | None, unit: str = "") -> str:
    """Write a figure, or a dash where there is none.

    >>> figure_cell(2.5, "%"), figure_cell(None, "%")
    ('2.5%', '-')
    """
    return "-" if value is None else f"{value:g}{unit}"


def score_cell(entry: Mapping[str, Any], name: str) -> str:
    """Write a score of an entry of results.json with its standard error.

    >>> score_cell({"f1": 20.25, "f1_stderr": 5.0}, "f1")
    '20.25 ±5.0'
    """
    if name not in entry:
        return "-"
    error = entry.get(f"{name}_stderr")
    return f"{entry[name]:.2f}" + ("" if error is None else f" ±{error:.1f}")
