"""A preview of mixing in the terminal: original and mixed side by side, or one under the other in a narrow one."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from commit_llm.codemix.engine.pieces import mixed_pieces, pieces
from commit_llm.codemix.outcome import Unit, Word
from commit_llm.codemix.replacement import Replacement
from commit_llm.errors import visible
from commit_llm.report.preview.preview import (
    MEASURES,
    UNKNOWN,
    MixingPreview,
    Swap,
    figures,
    left_out,
    reasons,
)

SIDE_BY_SIDE = 72  # columns; below, the two texts stand one under the other
# The style of what is replaced, of what stands in its place, and the brackets where there is no style.
ORIGINAL = {Unit.WORD: "underline", Unit.PHRASE: "bold underline", Unit.SENTENCE: "italic underline"}
MIXED = {
    Unit.WORD: "bold black on yellow",
    Unit.PHRASE: "bold underline black on cyan",
    Unit.SENTENCE: "bold italic black on green",
}
BRACKETS = {Unit.WORD: ("[", "]"), Unit.PHRASE: ("[[", "]]"), Unit.SENTENCE: ("[[[", "]]]")}


def show(preview: MixingPreview, console: Console) -> None:
    """Print a preview.

    A console without colours shows replaced words in square brackets, [so], phrases in two and sentences in three.
    Where there are several languages, the code of its language stands before a translation, [el:so]. One that is no
    terminal shows the texts one under the other and keeps each of their lines in one line, for a program to read.
    """
    summary(preview, console)
    plain = not console.is_terminal or console.no_color or console.color_system is None
    has_languages = preview.has_languages
    wide = console.is_terminal and console.width >= SIDE_BY_SIDE
    if legend := _legend(preview, plain):
        console.print(legend, soft_wrap=not console.is_terminal)
    for number, row in enumerate(preview.rows, 1):
        console.print()
        console.print(Rule(Text(f"row {number}"), align="left") if console.is_terminal else Text(f"row {number}"))
        for name, (source, words) in row.items():
            if words is None or not source:
                kind = "not mixed" if words is None else "empty"
                _stacked(console, name, [(kind, Text(visible(source)))])
                continue
            original = _marked(pieces(source, words), None if plain else ORIGINAL)
            mixed = _marked(mixed_pieces(source, words, preview.unspaced), None if plain else MIXED, has_languages)
            if wide:
                console.print(Text(visible(name), style="bold"), _pair(original, mixed))
            else:
                _stacked(console, name, [("original", original), ("mixed", mixed)])
            if preview.explain and words:
                for line in _why(source, words, has_languages):
                    console.print(line, soft_wrap=not console.is_terminal)


def summary(preview: MixingPreview, console: Console) -> None:
    """Print what was mixed, the share of each outcome, and the measures."""
    settings = ", ".join(f"{name} {value}" for name, value in preview.settings.items())
    console.print(Text(visible(f"{preview.heading()}: {settings}")), soft_wrap=not console.is_terminal)
    table = preview.table()
    width, digits = max(len(line.label) for line in table), max(len(f"{line.number:,}") for line in table)
    longest = width + digits + max(len(line.meaning) for line in table) + len("    100.0 %  ")
    for label, number, share, meaning, _ in table:
        line = Text(f"{label:<{width}}  {number:>{digits},}  {'' if share is None else f'{share:.1f} %':>7}")
        if not console.is_terminal or console.width > longest:
            line.append(f"  {meaning}" if meaning else "", style="dim")
        console.print(line, soft_wrap=not console.is_terminal)
    values = zip(MEASURES, figures(preview.metrics()), strict=True)
    console.print(Text("   ".join(f"{name} {value}" for (name, _), value in values)))


def _legend(preview: MixingPreview, plain: bool) -> Text | None:
    """Say how is marked what; None where only words are replaced, by one language."""
    ways, labels = preview.replacements(), preview.has_languages
    if ways in ([], [Replacement()]) and not labels:
        return None
    legend = Text("marked:")
    for unit, annotated in ways:
        sample = "(after it)" if annotated else unit
        legend.append("  " + f"{unit} " * annotated)
        legend.append_text(_in_marks(sample, unit, None if plain else MIXED))
    if labels:
        legend.append(f"  {next(iter(preview.languages()))}:its language")
    return legend


def _marked(
    parts: Iterable[tuple[str, Word | None]], styles: Mapping[Unit, str] | None, has_languages: bool = False
) -> Text:
    """Join the parts of a text, with what is replaced marked. has_languages: name the language of each."""
    line = Text()
    for part, word in parts:
        if word is None or word.translation is None:
            line.append(visible(part))
        else:
            language = f"{word.language or UNKNOWN}:" * has_languages
            line.append_text(_in_marks(language + visible(part), word.unit, styles))
    return line


def _in_marks(content: str, unit: Unit, styles: Mapping[Unit, str] | None) -> Text:
    """Mark a word, a phrase or a sentence by its style, or by brackets where there are no styles."""
    if styles is None:
        return Text(content.join(BRACKETS[unit]))
    return Text(content, styles[unit])


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


def _why(source: str, words: Sequence[Word], has_languages: bool) -> list[Text]:
    """Write a line for each fate: its words."""
    lines = {
        fate.label: [_swapped(swap, has_languages) + (f" ×{n}" if n > 1 else "") for swap, n in group.items()]
        for fate, group in reasons(source, words).items()
    }
    if left := left_out(source, words):
        lines["phrases and sentences left out, beginning with"] = [*map(visible, left)]
    return [Text().append(f"  {label}: ", style="dim").append(", ".join(line)) for label, line in lines.items()]


def _swapped(swap: Swap, has_languages: bool) -> str:
    if swap.translation is None:
        return visible(swap.source)
    language = f" ({swap.language or UNKNOWN})" * has_languages
    return visible(f"{swap.source} → {swap.translation}{language}")
