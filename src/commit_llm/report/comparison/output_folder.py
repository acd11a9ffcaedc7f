"""The folder that `compare` writes: the page, tables as Markdown, LaTeX and CSV, charts as PNG, figures as JSON."""

import json
from pathlib import Path

from commit_llm.files.whole import whole_folder
from commit_llm.report.comparison.comparison import Comparison
from commit_llm.report.comparison.comparison_page import comparison_page
from commit_llm.report.comparison.evaluated_run import contexts_of
from commit_llm.report.comparison.machine_readable import as_data, table
from commit_llm.report.comparison.markup import latex, markdown
from commit_llm.report.comparison.score_charts import charts

MARKER, PAGE = "comparison.json", "index.html"


def write_comparison(comparison: Comparison, out: Path, overwrite: bool = False) -> list[str]:
    """Write the folder, whole or not at all. Give the names of its files."""
    runs = [run for system in comparison.systems for run in system.runs]
    contexts = next((contexts for run in runs if (contexts := contexts_of(run))), {})
    data = json.dumps(as_data(comparison), indent=2, ensure_ascii=False, allow_nan=False)
    drawn = {suite.name: charts(comparison, suite) for suite in comparison.suites}
    texts = {
        PAGE: comparison_page(comparison, contexts, drawn),
        "scores.md": markdown(comparison),
        "scores.tex": latex(comparison),
        "scores.csv": table(comparison),
        MARKER: data + "\n",
    }
    with whole_folder(out, overwrite, MARKER) as folder:
        for name, content in texts.items():
            (folder / name).write_text(content, encoding="utf-8", errors="replace")
        for suite, of_suite in drawn.items():
            for chart in of_suite:
                # The name of a suite comes from results.json; read_systems takes only plain ones (runs/entries.py).
                (folder / f"{suite}-{chart.name}.png").write_bytes(chart.drawn.light)
        return sorted(path.name for path in folder.iterdir())
