"""A run's page in a browser: what a reader sees, in light and dark, on a phone and on a desk."""

import pytest

from commit_llm.report.run.run_page import run_page
from tests.report.preview.test_preview_browser import style
from tests.report.run.run_example import run_page_of


@pytest.fixture(scope="module")
def html():
    return run_page(run_page_of())


@pytest.fixture
def opened(open_page, html):
    return open_page(html)


def test_markup_is_text(opened):
    assert opened.locator("script").count() == 0
    assert "<script>alert(1)</script>" in opened.locator(".sample").first.inner_text()
    assert opened.title() == "Run my <run>"


def test_curves_are_seen(opened):
    """Every picture is drawn, in the colours of the page."""
    pictures = opened.locator(".curves img")
    assert pictures.count() == 5
    dark = opened.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for picture in pictures.all():
        assert picture.evaluate("image => image.complete && image.naturalWidth") > 300
        assert picture.get_attribute("alt")
        shown, light = picture.evaluate("image => [image.currentSrc, image.src]")
        assert (shown != light) == dark


@pytest.mark.parametrize("width", [320, 768, 1600])
def test_wide_and_narrow(opened, width):
    """Never wider than the window, also with everything opened; curves beside one another where there is room."""
    opened.set_viewport_size({"width": width, "height": 800})
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [figure.bounding_box() for figure in opened.locator(".curves figure").all()]
    assert sum(box["y"] == boxes[0]["y"] for box in boxes) == {320: 1, 768: 2, 1600: 3}[width]
    assert min(box["width"] for box in boxes) >= 280


def test_trained_and_not_are_told_apart(opened):
    """By a label and the kind of line, not by colour alone."""
    parts = [opened.locator(f".part.{kind}").first for kind in ("trained", "untrained")]
    assert [style(part, "borderInlineStartStyle") for part in parts] == ["solid", "dotted"]
    assert [part.locator(".label").first.inner_text() for part in parts] == [
        "trained, 3 tokens",
        "not trained, 5 tokens",
    ]
    assert style(opened.locator(".token").first, "borderTopStyle") == "solid"


def test_text_from_right_to_left(opened):
    arabic = opened.locator(".sample").nth(1).locator(".text").first
    assert style(arabic, "direction") == "rtl"
    word = opened.locator(".sample").first.locator("mark", has_text="كلب")
    assert (style(word, "direction"), style(word, "unicodeBidi")) == ("rtl", "isolate")
    english = opened.locator(".sample").nth(1).locator("mark")
    assert style(english, "direction") == "ltr"


def test_the_keyboard_opens_the_recipe(opened):
    table = opened.locator("details table")
    assert not table.is_visible()
    opened.locator("summary").focus()
    opened.keyboard.press("Enter")
    assert table.is_visible()
    assert "block_template" in table.inner_text()
