"""The shell of a page: nothing in it can run or ask the network, and its colours can be read."""

import base64
import hashlib
import itertools
import re
from html.parser import HTMLParser

import pytest

from commit_llm.codemix.outcome import Outcome
from commit_llm.errors import visible
from commit_llm.report.page import STYLE, page, text
from commit_llm.report.preview.preview_style import STYLE as PREVIEW_STYLE
from commit_llm.report.preview.preview_style import css_name


class Elements(HTMLParser):
    """Every start tag of a page, with its attributes; its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_a_page():
    html = page("A <b> & title", "<p>body</p>", "p { color: red }")
    found = Elements(html)
    assert html.startswith("<!doctype html>")
    assert "A <b> & title" in found.text
    policy = next(found for tag, found in found.tags if found.get("http-equiv") == "Content-Security-Policy")["content"]
    style = re.search(r"<style>(.*)</style>", html, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert style.endswith("p { color: red }")
    assert not any({"style", "src", "href", "onclick"} & set(attributes) for _, attributes in found.tags)


@pytest.mark.parametrize(
    ("given", "html"),
    [
        ("<b>'\"&", "&lt;b&gt;&#x27;&quot;&amp;"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x00\x1b[31m\r\x7f\x9b", "␀␛[31m␍␡\ufffd"),
    ],
)
def test_text_is_escaped(given, html):
    assert text(given) == html


def test_nothing_moves_the_cursor():
    assert visible("\x1b]0;title\x07") == "␛]0;title␇"


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def palettes():
    """The colours in light and in dark."""
    blocks = [re.findall(r":root \{([^}]*--.*?)\}", style, re.S) for style in (STYLE, PREVIEW_STYLE)]
    for scheme in (0, 1):
        yield dict(re.findall(r"--([\w-]+): (#\w{6})", " ".join(block[scheme] for block in blocks)))


def test_contrast():
    """WCAG AA: 4.5 for text on its ground, 3 for the lines and bars that tell something."""
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    light, dark = palettes()
    assert set(light) == set(dark) > {"ground", "mark", "skipped"}
    for colours in (light, dark):
        texts = [*itertools.product(("text", "quiet", "link"), ("ground", "raised"))]
        for front, back in [*texts, ("mark-text", "mark"), ("text", "was"), ("quiet", "ground")]:
            assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
        for line in map(css_name, Outcome):
            assert contrast(colours[line], colours["ground"]) >= 3, line


def test_half_of_a_character_can_be_written():
    """JSON can hold one; no file and no terminal can."""
    assert visible("a\ud800b").encode() == "a\N{REPLACEMENT CHARACTER}b".encode()
