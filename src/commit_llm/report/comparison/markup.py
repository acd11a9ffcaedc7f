"""A comparison as Markdown and as LaTeX."""

import re
from collections.abc import Sequence

from commit_llm.errors import visible
from commit_llm.report.comparison.caveats import trained_on
from commit_llm.report.comparison.comparison import Comparison
from commit_llm.report.comparison.figures import DAGGER, STAR, difference, mark, method, score, signatures, size
from commit_llm.report.comparison.share_tables import share_tables


def markdown(comparison: Comparison) -> str:
    """Write scores, differences, shares of answers, notes, training, and the signatures to cite."""
    lines = ["# Comparison", "", _plain(method(comparison)), ""]
    lines += [f"- {_plain(note)}" for note in comparison.notes]
    for suite in comparison.suites:
        lines += ["", f"## {suite.name}", "", size(suite, comparison.by)]
        for metric, label in suite.metrics.items():
            heads = ["system", *suite.columns]
            rows = [
                [_plain(name), *(score(cell) for cell in cells.values())] for name, cells in suite.cells[metric].items()
            ]
            lines += ["", f"### {label}", "", *_table(heads, rows)]
            rows = [
                [_plain(name), *(difference(cell) for cell in cells.values())]
                for name, cells in suite.cells[metric].items()
                if name != comparison.baseline
            ]
            heads[0] = f"{label}: difference to {_plain(comparison.baseline)}"
            lines += ["", *_table(heads, rows)]
        for shares in share_tables(suite):
            lines += ["", f"### {' / '.join(shares.kinds)} (percent)", ""]
            rows = [[_plain(name), *shares.cells(name)] for name in shares.shares]
            lines += _table(["system", *shares.languages], rows)
    lines += ["", "## What each system was trained on", ""]
    rows = [
        [_plain(system.name), str(system.seeds), _plain("; ".join(trained_on(system)))] for system in comparison.systems
    ]
    lines += _table(["system", "seeds", "training, oldest first"], rows)
    lines += ["", "## Signatures", ""]
    for name, signature in signatures(comparison):
        code = visible(signature).replace("`", "'")
        lines.append(f"- {_plain(name)}: `{code}`")
    return "\n".join(lines) + "\n"


def latex(comparison: Comparison) -> str:
    r"""Write a table a suite for a paper (booktabs): its scores, a mark where it differs from the baseline."""
    parts = ["% needs \\usepackage{booktabs}"]
    for suite in comparison.suites:
        lines = [
            "\\begin{table}\n\\centering\\small",
            f"\\begin{{tabular}}{{l{'r' * len(suite.columns)}}}\n\\toprule",
            " & ".join(["", *map(_escaped, suite.columns)]) + r" \\ \midrule",
        ]
        for system in comparison.systems:
            cells = [[suite.cells[metric][system.name][column] for metric in suite.metrics] for column in suite.columns]
            shown = (" / ".join(f"{cell.score.value:.1f}{_raised(mark(cell))}" for cell in pair) for pair in cells)
            name = _escaped(system.name)
            name = "{}" * name.startswith(("[", "*")) + name  # else LaTeX takes it for an option of the row before
            lines.append(" & ".join([name, *shown]) + r" \\")
        caption = (
            f"{suite.name}, {' / '.join(suite.metrics.values())}. {size(suite, comparison.by)} {method(comparison)}"
        )
        lines.append(f"\\bottomrule\n\\end{{tabular}}\n\\caption{{{_escaped(caption)}}}\n\\end{{table}}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _raised(sign: str) -> str:
    return {STAR: "$^{*}$", DAGGER: r"$^{\dagger}$"}.get(sign, "")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _plain(value: str) -> str:
    """Escape text for Markdown: it has no markup and ends no cell and no line."""
    return re.sub(r"([\\|*_<>\[\]&`])", r"\\\1", visible(value).replace("\n", " "))


def _escaped(value: str) -> str:
    """Escape text for LaTeX."""
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$"}
    special["†"] = r"$\dagger$"
    special |= {character: "\\" + character for character in "&%$#_{}"}
    return "".join(special.get(character, character) for character in visible(value).replace("\n", " "))
