"""Rows of cells in columns, for every table that a command prints."""

from collections.abc import Sequence


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
