"""A preview of mixing in the terminal: original and mixed side by side, or one under the other in a narrow one."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from commit_llm.codemix.engine.pieces import mixed_pieces, pieces
from commit_llm.codemix.outcome import Word
from commit_llm.errors import visible
from commit_llm.report.preview.preview import MEASURES, MixingPreview, figures, reasons, shares

SIDE_BY_SIDE = 72  # columns; below, the two texts stand one under the other
ORIGINAL, MIXED = "underline", "bold black on yellow"  # a replaced word, and what stands in its place


def show(preview: MixingPreview, console: Console) -> None:
    """Print a preview.

    A console without colours shows replaced words in square brackets, [so]. One that is no terminal shows the texts
    one under the other and keeps each of their lines in one line, for a program to read.
    """
    summary(preview, console)
    marks = not console.is_terminal or console.no_color or console.color_system is None
    wide = console.is_terminal and console.width >= SIDE_BY_SIDE
    for number, row in enumerate(preview.rows, 1):
        console.print()
        console.print(Rule(Text(f"row {number}"), align="left") if console.is_terminal else Text(f"row {number}"))
        for name, (source, words) in row.items():
            if words is None or not source:
                kind = "not mixed" if words is None else "empty"
                _stacked(console, name, [(kind, Text(visible(source)))])
                continue
            original = _coloured(pieces(source, words), None if marks else ORIGINAL)
            mixed = _coloured(mixed_pieces(source, words, preview.unspaced), None if marks else MIXED)
            if wide:
                console.print(Text(visible(name), style="bold"), _pair(original, mixed))
            else:
                _stacked(console, name, [("original", original), ("mixed", mixed)])
            if preview.explain and words:
                for line in _why(source, words):
                    console.print(line, soft_wrap=not console.is_terminal)


def summary(preview: MixingPreview, console: Console) -> None:
    """Print what was mixed, the share of each outcome, and the measures."""
    settings = ", ".join(f"{name} {value}" for name, value in preview.settings.items())
    console.print(Text(visible(f"{preview.heading()}: {settings}")), soft_wrap=not console.is_terminal)
    counts = preview.counts()
    percent = shares(counts)
    width, digits = max(len(outcome.label) for outcome in counts), max(len(f"{n:,}") for n in counts.values())
    longest = width + digits + max(len(outcome.meaning) for outcome in counts) + len("    100.0 %  ")
    for outcome, count in counts.items():
        share = percent[outcome]
        line = Text(f"{outcome.label:<{width}}  {count:>{digits},}  {'' if share is None else f'{share:.1f} %':>7}")
        if not console.is_terminal or console.width > longest:
            line.append(f"  {outcome.meaning}", style="dim")
        console.print(line, soft_wrap=not console.is_terminal)
    values = zip(MEASURES, figures(preview.metrics()), strict=True)
    console.print(Text("   ".join(f"{name} {value}" for (name, _), value in values)))


def _coloured(parts: Iterable[tuple[str, Word | None]], style: str | None) -> Text:
    """Join the parts of a text. Replaced words have a style, or brackets where there is no style."""
    line = Text()
    for part, word in parts:
        if word is None or word.translation is None:
            line.append(visible(part))
        else:
            line.append(f"[{visible(part)}]" if style is None else visible(part), style)
    return line


def _pair(original: Text, mixed: Text) -> Table:
    table = Table(box=None, expand=True, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(2):
        table.add_column(ratio=1, overflow="fold")
    table.add_row(original, mixed)
    return table


def _stacked(console: Console, name: str, texts: Sequence[tuple[str, Text]]) -> None:
    for kind, text in texts:
        head = f"{visible(name)}, {kind}" + (": " if text else "")
        line = Text().append(head, style="bold").append_text(text)
        # soft_wrap alone would cut a word that is longer than the terminal.
        console.print(line, **({"overflow": "fold"} if console.is_terminal else {"soft_wrap": True}))


def _why(source: str, words: Sequence[Word]) -> list[Text]:
    """Write a line for each outcome: its words."""
    lines = []
    for outcome, group in reasons(source, words).items():
        shown = [
            visible(word + ("" if translation is None else f" → {translation}")) + (f" ×{count}" if count > 1 else "")
            for (word, translation), count in group.items()
        ]
        lines.append(Text().append(f"  {outcome.label}: ", style="dim").append(", ".join(shown)))
    return lines
