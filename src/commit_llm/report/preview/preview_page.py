"""A preview of mixing as one HTML page: original and mixed side by side, or one under the other in a narrow window."""

from collections.abc import Iterator, Sequence

from commit_llm.codemix.engine.pieces import mixed_pieces, pieces
from commit_llm.codemix.outcome import Outcome, Unit, Word
from commit_llm.codemix.replacement import Replacement
from commit_llm.report.page import page, text
from commit_llm.report.preview.marks import mark, mark_original, samples
from commit_llm.report.preview.preview import (
    MEASURES,
    UNKNOWN,
    Fate,
    MixedRecord,
    MixingPreview,
    Swap,
    TableLine,
    figures,
    left_out,
    reasons,
)
from commit_llm.report.preview.preview_style import STYLE, css_name


def preview_page(preview: MixingPreview) -> str:
    """Write the page. Everything in it is escaped."""
    title = f"Mixed: {preview.settings.get('file', 'preview')}"
    parts = [
        f"<header>\n<h1>{text(title)}</h1>\n<p class='shown'>{text(preview.heading())}</p>",
        f"{_settings(preview)}</header>",
        f"<main>\n{summary(preview)}{_legend(preview)}",
        "<div class='heads' aria-hidden='true'><span>Original</span><span>Mixed</span></div>",
        *(_row(number, row, preview) for number, row in enumerate(preview.rows, 1)),
        "</main>",
    ]
    return page(title, "\n".join(parts), STYLE)


def _settings(preview: MixingPreview) -> str:
    pairs = (f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>\n" for name, value in preview.settings.items())
    return f"<dl class='settings'>\n{''.join(pairs)}</dl>\n"


def summary(preview: MixingPreview) -> str:
    """Write the outcomes of the words, as a bar and a table, and the measures. The page needs the preview's style."""
    return f"<section class='summary' aria-label='summary'>\n{_shares(preview)}{_measures(preview)}</section>"


def _shares(preview: MixingPreview) -> str:
    rows, bars, left = [], [], 0.0
    for line in preview.table():
        rows.append(_line(line, preview.explain))
        if line.share and line.outcome is not None:
            place = f"x='{left:.3f}%' width='{line.share:.3f}%' height='100%'"
            bars.append(f"<rect class='{css_name(line.outcome)}' {place}/>")
            left += line.share
    caption = "share of the words of each outcome"
    return (
        f"<div><svg class='bar' role='img' aria-label='{caption}: see the table below'>{''.join(bars)}</svg>\n"
        f"<table aria-label='{caption}'>\n{''.join(rows)}</table></div>\n"
    )


def _line(line: TableLine, explain: bool) -> str:
    name = text(line.label.strip())
    if line.outcome is not None:
        name = _sample(line.outcome, explain or line.outcome is Outcome.REPLACED)
    within = " class='within'" if line.label.startswith(" ") else ""
    return (
        f"<tr><th scope='row'{within}>{name}</th><td class='number'>{line.number:,}</td>"
        f"<td class='number'>{'' if line.share is None else f'{line.share:.1f} %'}</td>"
        f"<td class='quiet meaning-cell'>{text(line.meaning)}</td></tr>\n"
    )


def _sample(outcome: Outcome, drawn: bool) -> str:
    """Write the name of an outcome after its colour in the bar. drawn: mark it as its words are marked."""
    box = (
        f"<svg class='swatch' width='10' height='10' aria-hidden='true'><rect class='{css_name(outcome)}' width='10' "
        "height='10' rx='2'/></svg> "
    )
    return box + (_marked(text(outcome.label), outcome) if drawn else text(outcome.label))


def _measures(preview: MixingPreview) -> str:
    values = zip(MEASURES, figures(preview.metrics()), strict=True)
    cells = (
        f"<div><dt>{name}</dt><dd class='figure'>{value}</dd><dd class='meaning'>{text(meaning)}</dd></div>\n"
        for (name, meaning), value in values
    )
    return f"<dl class='measures'>\n{''.join(cells)}</dl>\n"


def _legend(preview: MixingPreview) -> str:
    """Show how is marked what; nothing where only words are replaced, by one language."""
    ways, has_languages = preview.replacements(), preview.has_languages
    if ways in ([], [Replacement()]) and not has_languages:
        return ""
    parts = [*samples(ways)]
    if has_languages:
        parts.append(f"<span><mark data-language='{text(next(iter(preview.languages())))}'>its language</mark></span>")
    return f"<p class='marks'>{' '.join(parts)}</p>\n"


def _row(number: int, row: MixedRecord, preview: MixingPreview) -> str:
    fields = "".join(_field(name, source, words, preview) for name, (source, words) in row.items())
    heading = f"<h2 id='row-{number}'>Row {number}</h2>"
    return f"<section class='row' aria-labelledby='row-{number}'>\n{heading}\n{fields}</section>"


def _field(name: str, source: str, words: Sequence[Word] | None, preview: MixingPreview) -> str:
    if words is None:
        unmixed = f"<div class='kept'><p class='text' dir='auto'>{text(source)}</p></div>"
        return f"<div class='field'><h3>{text(name)} <span class='quiet'>(not mixed)</span></h3>\n{unmixed}</div>\n"
    original = "".join(_original(source, words, preview.explain))
    mixed = "".join(_mixed(source, words, preview.unspaced, preview.has_languages))
    return (
        f"<div class='field'><h3>{text(name)}</h3>\n"
        f"<div><span class='side-name'>original</span><p class='text original' dir='auto'>{original}</p></div>\n"
        f"<div><span class='side-name'>mixed</span><p class='text mixed' dir='auto'>{mixed}</p></div>\n"
        f"{_why(source, words, preview.has_languages) if preview.explain and words else ''}</div>\n"
    )


def _original(source: str, words: Sequence[Word], explain: bool) -> Iterator[str]:
    for part, word in pieces(source, words):
        if word is None or (not explain and word.outcome is not Outcome.REPLACED):
            yield text(part)
        elif word.outcome is Outcome.REPLACED:
            yield mark_original(part, Replacement(word.unit, word.annotation is not None), word.translation or "")
        else:
            yield _marked(text(part), word.outcome, f"{word.outcome.label}: {word.outcome.meaning}")


def _mixed(source: str, words: Sequence[Word], unspaced: bool, has_languages: bool) -> Iterator[str]:
    for part, word in mixed_pieces(source, words, unspaced):
        if word is not None and word.translation is not None:
            language = (word.language or UNKNOWN) if has_languages else None
            way = Replacement(word.unit, word.annotation is not None)
            yield mark(part, way, source[word.start : word.end], language)
        else:
            yield text(part)


def _marked(html: str, outcome: Outcome, title: str = "") -> str:
    """Mark a word by its outcome: underlined, boxed, or highlighted."""
    attribute = f" title='{text(title)}'" if title else ""
    if outcome is Outcome.REPLACED:
        return f"<mark{attribute}>{html}</mark>"
    kind = "" if outcome is Outcome.PROTECTED else "word "
    return f"<span class='{kind}{css_name(outcome)}'{attribute}>{html}</span>"


def _why(source: str, words: Sequence[Word], has_languages: bool) -> str:
    """Write the outcome of each word, to be opened. The keyboard reaches it, and it is printed."""
    groups = reasons(source, words)
    totals = " · ".join(_total(fate, sum(group.values())) for fate, group in groups.items())
    lists = [
        f"<dt>{_marked(text(fate.label), fate.outcome)}</dt>"
        f"<dd>{', '.join(_counted(swap, count, has_languages) for swap, count in group.items())}</dd>"
        for fate, group in groups.items()
    ]
    if left := left_out(source, words):
        beginnings = ", ".join(f"<bdi>{text(word)}</bdi>" for word in left)
        lists.append(f"<dt>phrases and sentences left out</dt><dd>beginning with {beginnings}</dd>")
    return f"<details><summary>{text(totals)}</summary><dl>{''.join(lists)}</dl></details>\n"


def _total(fate: Fate, number: int) -> str:
    way = fate.replacement
    return f"{number} {fate.label}" if way is None or way.unit is Unit.WORD else way.counted(number)


def _counted(swap: Swap, count: int, has_languages: bool) -> str:
    arrow = "" if swap.translation is None else f" → <bdi>{text(swap.translation)}</bdi>"
    language = f" ({text(swap.language or UNKNOWN)})" if arrow and has_languages else ""
    return f"<bdi>{text(swap.source)}</bdi>{arrow}{language}{f' ({count} times)' if count > 1 else ''}"
