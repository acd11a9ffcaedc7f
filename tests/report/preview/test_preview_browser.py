"""The preview page in a browser: what a reader sees, in light and dark, and reaches with the keyboard."""

import pytest

from commit_llm.codemix.outcome import Outcome
from commit_llm.report.preview.preview_page import preview_page
from commit_llm.report.preview.preview_style import LINES, css_name
from tests.report.preview.example import EXPLAINED, WAYS


@pytest.fixture
def opened(open_page):
    """The explained page in a window."""
    return open_page(preview_page(EXPLAINED))


def style(locator, name):
    return locator.evaluate(f"element => getComputedStyle(element)['{name}']")


def test_markup_in_the_data_is_text(opened):
    assert opened.locator("script").count() == 0
    assert "<script>alert(1)</script>" in opened.locator(".mixed").first.inner_text()
    assert opened.title() == "Mixed: a<b.jsonl"


def test_replaced_words_are_seen(opened):
    """The ground of a replaced word is another than the page's."""
    mark = opened.locator(".mixed mark").first
    ground = style(opened.locator("body"), "backgroundColor")
    assert style(mark, "backgroundColor") not in (ground, "rgba(0, 0, 0, 0)")
    assert style(mark, "color") != style(mark, "backgroundColor")
    assert style(opened.locator(".original .was").first, "backgroundColor") not in (ground, "rgba(0, 0, 0, 0)")


def test_light_and_dark(opened):
    red = int(style(opened.locator("body"), "backgroundColor").split("(")[1].split(",")[0])
    dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert red < 60 if dark else red > 220


def test_reasons_are_told_apart(opened):
    """By the kind of line, not by colour alone."""
    kinds = [
        (style(word, "textDecorationLine"), style(word, "textDecorationStyle"))
        for word in (opened.locator(f".original .{css_name(outcome)}").first for outcome in LINES)
    ]
    assert len(set(kinds)) == len(kinds) == len(Outcome) - 2
    assert style(opened.locator(".original .protected").first, "outlineStyle") == "solid"


def test_ways_to_mix_are_told_apart(open_page):
    """Phrases, sentences and annotations by lines, languages by a label, which is not a part of the text."""
    page = open_page(preview_page(WAYS))
    looks = [
        [style(mark, name) for name in ("textDecorationLine", "borderLeftStyle", "outlineStyle")]
        for mark in page.locator(".mixed mark").all()
    ]
    phrase, word, sentence, behind, _, phrase_behind = looks
    assert word == ["none", "none", "none"]
    assert (phrase, sentence) == (["underline", "none", "none"], ["none", "solid", "none"])
    assert (behind, phrase_behind) == (["none", "none", "dashed"], ["underline", "none", "dashed"])
    label = "element => getComputedStyle(element, '::before').content"
    labels = [mark.evaluate(label) for mark in page.locator(".mixed mark").all()]
    assert labels == ['"el"', '"ar"', '"el"', '"ar"', '"el"', '"el"']
    assert page.locator(".mixed").last.inner_text() == "dogs (كلاب) (cats, γάτες) in time (εγκαίρως)"
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_text_from_right_to_left(opened):
    last = opened.locator(".row").last.locator(".text")
    assert style(last.first, "direction") == "rtl"
    arabic = opened.locator(".mixed mark", has_text="lives")
    assert (style(arabic, "direction"), style(arabic, "unicodeBidi")) == ("ltr", "isolate")
    # Neighbours stay in the order of their English sentence, left to right.
    places = opened.locator(".row").first.locator(".mixed").last.locator("mark")
    left, right = (places.nth(n).bounding_box()["x"] for n in (0, 1))
    assert left < right
    assert style(opened.locator(".mixed").first, "direction") == "ltr"


def test_the_keyboard_reaches_the_reasons(opened):
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert style(opened.locator("summary").first, "outlineStyle") == "solid"
    told = opened.locator("details dl").first
    assert not told.is_visible()
    opened.keyboard.press("Enter")
    assert told.is_visible()
    assert "Anna" in told.inner_text()


def test_print_opens_the_reasons(opened):
    opened.emulate_media(media="print")
    assert opened.locator("details dl").first.bounding_box()["height"] > 0


@pytest.mark.parametrize("width", [320, 640, 1600])
def test_wide_and_narrow(opened, width):
    """Side by side, or one under the other, and never wider than the window."""
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    original, mixed = (opened.locator(f".{kind}").first.bounding_box() for kind in ("original", "mixed"))
    side_by_side = mixed["x"] >= original["x"] + original["width"]
    assert side_by_side == (width == 1600)
    assert side_by_side or mixed["y"] >= original["y"] + original["height"]
    assert opened.locator(".side-name").first.is_visible()
