"""A comparison as one HTML page: tables, charts, and every question with every system's answer side by side."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

from commit_llm.report.comparison.answer_list import Contexts, packed_answers
from commit_llm.report.comparison.caveats import trained_on
from commit_llm.report.comparison.comparison import Cell, Comparison, Suite
from commit_llm.report.comparison.figures import interval, mark, method, p_value, signatures, size
from commit_llm.report.comparison.score_charts import ScoreChart
from commit_llm.report.comparison.share_tables import ShareTable, share_tables
from commit_llm.report.page import page, text


def comparison_page(comparison: Comparison, contexts: Contexts, charts: Mapping[str, Sequence[ScoreChart]]) -> str:
    """Write the page.

    contexts: texts by task and context_id. A missing one is shown as not kept.
    charts: those of each suite, by its name.
    """
    here = files("commit_llm.report.comparison")
    style, script = (here.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    title = f"Comparison: {', '.join(comparison.names)}"
    notes = "".join(f"<li>{text(note)}</li>\n" for note in comparison.notes)
    parts = [
        f"<header><h1>{text(title)}</h1>\n<p class='quiet'>{text(method(comparison))} p is by "
        "sign flips, then by the bootstrap.</p>",
        f"<ul class='notes'>\n{notes}</ul>" if notes else "",
        "<nav aria-label='sections'><a href='#scores'>Scores</a> <a href='#questions'>Questions</a> "
        "<a href='#training'>Training</a> <a href='#signatures'>Signatures</a></nav></header>",
        "<main>",
        "<div id='scores'>",
        *(_suite(comparison, suite, charts[suite.name]) for suite in comparison.suites),
        "</div>",
        QUESTIONS,
        _training(comparison),
        _signatures(comparison),
        "</main>",
        f"<script type='text/plain' id='answers'>{packed_answers(comparison, contexts)}</script>",
    ]
    return page(title, "\n".join(parts), style, script)


BASELINE = " <span class='quiet'>baseline</span>"
QUESTIONS = """<section id='questions' aria-labelledby='questions-title'>
<h2 id='questions-title'>Questions</h2>
<noscript><p>The list of questions needs JavaScript; predictions.jsonl of each evaluation has them too.</p></noscript>
<form id='choice' role='search' hidden>
<label class='wide'>Search <input type='search' id='search' dir='auto' autocomplete='off' spellcheck='false'
  placeholder='words of question, answers or context; / jumps here'></label>
<label>Task <select id='task'></select></label>
<label>Show <select id='filter'></select></label>
<label>Order <select id='order'></select></label>
</form>
<p id='found' role='status' class='quiet'></p>
<ol id='list'></ol>
<button type='button' id='more' hidden>Show more</button>
</section>"""


def _suite(comparison: Comparison, suite: Suite, charts: Sequence[ScoreChart]) -> str:
    parts = [f"<section><h2>{text(suite.name)}</h2>\n<p class='quiet'>{text(size(suite, comparison.by))}</p>"]
    for metric, label in suite.metrics.items():
        parts.append(f"<h3>{text(label)}</h3>\n{_scores(comparison, suite, metric, label)}")
    for shares in share_tables(suite):
        title = ", ".join(shares.kinds)
        parts.append(f"<h3>{title[0].upper()}{title[1:]}</h3>\n{_shares(comparison, shares, title)}")
    parts.append("<div class='charts'>")
    parts += [f"<figure tabindex='0'>{chart.drawn.html(chart.description)}</figure>" for chart in charts]
    return "\n".join([*parts, "</div></section>"])


def _scores(comparison: Comparison, suite: Suite, metric: str, label: str) -> str:
    rows = {name: [_cell(cell) for cell in cells.values()] for name, cells in suite.cells[metric].items()}
    return _sortable(f"{suite.name}, {label}", suite.columns, rows, comparison.baseline)


def _cell(cell: Cell) -> str:
    score = interval(cell.score, ".1f").partition(" ")
    shown = f"<span class='score'>{score[0]}</span> <span class='interval'>{score[2]}</span>"
    if cell.difference is not None:
        direction = ("up" if cell.difference.value > 0 else "down") if cell.differs else "same"
        sign = {"up": "▲ ", "down": "▼ ", "same": ""}[direction]
        shown += f" <span class='difference {direction}'>{sign}{interval(cell.difference, '+.1f')}{mark(cell)}</span>"
        if cell.p_sign_flip is not None and cell.p_bootstrap is not None:
            both = f"p {p_value(cell.p_sign_flip)}, {p_value(cell.p_bootstrap)}"
            shown += f" <span class='interval'>{text(both)}</span>"
    return f"<td class='number' data-value='{cell.score.value:.6f}'>{shown}</td>"


def _shares(comparison: Comparison, shares: ShareTable, title: str) -> str:
    """Write a table of shares. Its columns are sorted by the first share of a cell."""
    rows = {
        name: [
            f"<td class='number' data-value='{first or 0.0:.6f}'>{shown}</td>"
            for (first, *_), shown in zip(languages.values(), shares.cells(name), strict=True)
        ]
        for name, languages in shares.shares.items()
    }
    return _sortable(f"percent {title}", shares.languages, rows, comparison.baseline)


def _sortable(label: str, columns: Iterable[str], rows: Mapping[str, Iterable[str]], baseline: str) -> str:
    """Write a table with a line a system. The script turns its heads into buttons that sort by data-value."""
    heads = "".join(f"<th scope='col' class='number'>{text(column)}</th>" for column in columns)
    lines = (
        f"<tr><th scope='row'>{text(name)}{BASELINE if name == baseline else ''}</th>{''.join(cells)}</tr>\n"
        for name, cells in rows.items()
    )
    head = f"<thead><tr><th scope='col'>system</th>{heads}</tr></thead>"
    return _scrolled(label, f"<table class='scores' aria-label='{text(label)}'>{head}\n<tbody>{''.join(lines)}</tbody>")


def _scrolled(label: str, table: str) -> str:
    """Let a table that is wider than the window scroll within itself, by keyboard too."""
    return f"<div class='scroll' tabindex='0' role='region' aria-label='{text(label)}'>{table}</table></div>"


def _training(comparison: Comparison) -> str:
    rows = "".join(
        f"<tr><th scope='row'>{text(system.name)}</th><td class='number'>{system.seeds}</td>"
        f"<td>{'<br>'.join(map(text, trained_on(system)))}</td></tr>\n"
        for system in comparison.systems
    )
    heads = "<th scope='col'>system</th><th scope='col' class='number'>seeds</th><th scope='col'>oldest first</th>"
    table = _scrolled("training", f"<table><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody>")
    return f"<section id='training'><h2>What each system was trained on</h2>\n{table}</section>"


def _signatures(comparison: Comparison) -> str:
    rows = "".join(
        f"<li>{text(name)}: <code>{text(signature)}</code></li>\n" for name, signature in signatures(comparison)
    )
    return (
        "<section id='signatures'><h2>Signatures</h2>\n<details><summary>Cite a score with its signature</summary>\n"
        f"<ul>{rows}</ul></details></section>"
    )
