"""Marks of translations in HTML: by lines, what is a word, a phrase or a sentence, and what stands behind it."""

from collections.abc import Iterable, Iterator

from commit_llm.codemix.outcome import Unit
from commit_llm.codemix.replacement import Replacement
from commit_llm.report.page import text


def mark(translation: str, way: Replacement, original: str, language: str | None = None) -> str:
    """Mark a translation.

    original: told where a reader points at the mark.
    language: shown as a label; None where nothing is to be shown.

    >>> mark("αρκούδα", Replacement(Unit.PHRASE), "polar bear", "el")
    "<mark class='unit-phrase' data-language='el' dir='auto' title='polar bear'>αρκούδα</mark>"
    """
    label = "" if language is None else f" data-language='{text(language)}'"
    # dir isolates it: written from right to left, it does not reorder its neighbours.
    return f"<mark{class_of(way)}{label} dir='auto' title='{text(original)}'>{text(translation)}</mark>"


def mark_original(original: str, way: Replacement, translation: str) -> str:
    """Mark what a translation stands in for, or behind, in the unmixed text.

    >>> mark_original("polar bear", Replacement(Unit.PHRASE), "αρκούδα")
    "<span class='was unit-phrase' title='replaced by αρκούδα'>polar bear</span>"
    """
    title = text(f"{'annotated with' if way.annotated else 'replaced by'} {translation}")
    return f"<span{class_of(Replacement(way.unit), 'was')} title='{title}'>{text(original)}</span>"


def class_of(way: Replacement, *more: str) -> str:
    """Write the attribute with the CSS classes of a way to mix, after others: nothing where there is none."""
    names = [*more, *[f"unit-{way.unit}"] * (way.unit is not Unit.WORD), *["behind"] * way.annotated]
    return f" class='{' '.join(names)}'" if names else ""


def samples(ways: Iterable[Replacement]) -> Iterator[str]:
    """Write a sample of each way to mix, for a legend."""
    for way in ways:
        before, sample = (f"{way.unit} ", "(after it)") if way.annotated else ("", str(way.unit))
        yield f"<span>{before}<mark{class_of(way)}>{sample}</mark></span>"
