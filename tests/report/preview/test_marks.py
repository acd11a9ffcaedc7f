"""Marks of translations in HTML."""

from commit_llm.codemix.outcome import Unit
from commit_llm.codemix.replacement import Replacement
from commit_llm.report.preview.marks import class_of, mark, mark_original, samples


def test_a_mark():
    """What it says is escaped; a language of nobody's knowledge is one too."""
    assert mark("<b>'", Replacement(), "'>", "?") == (
        "<mark data-language='?' dir='auto' title='&#x27;&gt;'>&lt;b&gt;&#x27;</mark>"
    )
    assert mark("x", Replacement(Unit.SENTENCE, annotated=True), "y") == (
        "<mark class='unit-sentence behind' dir='auto' title='y'>x</mark>"
    )


def test_an_original():
    assert mark_original("<i>", Replacement(annotated=True), "'") == (
        "<span class='was' title='annotated with &#x27;'>&lt;i&gt;</span>"
    )


def test_classes():
    assert [class_of(Replacement()), class_of(Replacement(Unit.PHRASE), "was")] == ["", " class='was unit-phrase'"]


def test_samples():
    assert [*samples([Replacement(), Replacement(Unit.PHRASE, annotated=True)])] == [
        "<span><mark>word</mark></span>",
        "<span>phrase <mark class='unit-phrase behind'>(after it)</mark></span>",
    ]
