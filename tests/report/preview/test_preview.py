"""A preview of mixing: what is told of the words, on the page and in the terminal."""

import io

import pytest
from rich.console import Console

from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.engine.pieces import mixed_pieces, pieces
from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.report.preview.preview import Preview, shares
from commit_llm.report.preview.preview_page import preview_page
from commit_llm.report.preview.preview_terminal import show
from tests.report.preview.example import EXPLAINED, PREVIEW, ROWS
from tests.report.test_page import Elements


def printed(preview, width=100, terminal=False, **options):
    out = io.StringIO()
    show(preview, Console(file=out, width=width, force_terminal=terminal, **options))
    return out.getvalue()


def test_pieces_are_the_text():
    for row in ROWS:
        for text, words in row.values():
            assert "".join(part for part, _ in pieces(text, words or ())) == text


@pytest.mark.parametrize("unspaced", [True, False])
def test_mixed_pieces_are_the_mixed_text(unspaced):
    """With the spaces that a text without spaces needs around what replaces its words."""
    words = [Word(0, 3, Outcome.REPLACED, "cat"), Word(3, 5, Outcome.REPLACED, "black"), Word(5, 8, Outcome.NOT_DRAWN)]
    for text, found in (("แมวดำนอน", words), *(row["instruction"] for row in ROWS)):
        parts = list(mixed_pieces(text, found, unspaced))
        assert "".join(part for part, _ in parts) == replace(text, found, unspaced)
        assert [word for _, word in parts if word] == list(found)
    assert "".join(part for part, _ in mixed_pieces("แมวดำนอน", words, True)) == "cat black นอน"


def test_counts_shares_and_measures():
    counts = PREVIEW.counts()
    assert counts == dict(zip(Outcome, (4, 1, 3, 1, 1, 1, 1), strict=True))
    found = shares(counts)
    assert found[Outcome.PROTECTED] is None
    assert found[Outcome.REPLACED] == pytest.approx(100 * 4 / 11)
    assert sum(share for share in found.values() if share) == pytest.approx(100)
    # Tags by text: 0100000-, 110, 1; the empty text and the one that is not mixed are no utterances.
    metrics = PREVIEW.metrics()
    assert metrics.cmi == pytest.approx((100 / 7 + 100 / 3 + 0) / 3)
    assert metrics.i_index == pytest.approx(3 / 8)
    assert metrics.spf == pytest.approx((2 / 6 + 1 / 2 + 0) / 3)


def test_the_usual_outcomes_are_always_told():
    assert list(Preview([{"text": ("", [])}], 1, {}).counts()) == list(Outcome)[:3]


@pytest.mark.parametrize(
    ("shown", "total", "heading"),
    [(1, 1, "One row"), (2, 2, "All 2 rows"), (1, 9, "The first of 9 rows"), (2, 1807, "The first 2 of 1,807 rows")],
)
def test_heading(shown, total, heading):
    assert Preview(ROWS[:1] * shown, total, {}).heading() == heading


@pytest.mark.parametrize("preview", [PREVIEW, EXPLAINED], ids=["plain", "explained"])
def test_the_page_holds_the_texts(preview):
    """As texts: no element comes from the data."""
    found = Elements(preview_page(preview))
    for part in ("<script>alert(1)</script>", "<b>كلب</b>", "σκύλος", "a<b.jsonl", "<i>kept</i>", "of 1,807 rows"):
        assert part in found.text
    tags = [tag for tag, _ in found.tags]
    assert not {"script", "b", "i", "img", "link"} & set(tags)
    marks = [attributes for tag, attributes in found.tags if tag == "mark" and "dir" in attributes]
    assert [mark["title"] for mark in marks] == ["dog", "dog", "dog", "يعيش"]
    assert all(mark["dir"] == "auto" for mark in marks)
    assert ("details" in tags) == preview.explain


def test_the_page_says_why():
    found = Elements(preview_page(EXPLAINED))
    titles = [attributes["title"] for tag, attributes in found.tags if tag == "span" and "title" in attributes]
    assert "name: capitalised in a sentence, or an acronym" in titles
    assert "1 replaced · 1 not drawn · 3 not in the dictionary · 1 name · 1 to be skipped · 1 protected" in found.text
    assert "dog → <b>كلب</b> (2 times)" in found.text


def test_no_terminal():
    """Plain text: no colour codes, replaced words in brackets, a line of text on one line."""
    out = printed(PREVIEW, width=40)
    assert "\x1b" not in out
    assert "instruction, original: The [dog] <script>alert(1)</script> of Anna & `cat`.\n" in out
    assert "instruction, mixed: The [σκύλος] <script>alert(1)</script> of Anna & `cat`.\n" in out
    assert "source, not mixed: <i>kept</i>\n" in out
    assert "\ninput, empty\n" in out
    assert "replaced               4   36.4 %  swapped for a translation\n" in out
    assert "CMI 15.9   M-index " in out
    assert "not drawn: The" not in out
    explained = printed(EXPLAINED, width=40)
    assert "  replaced: dog → <b>كلب</b> ×2\n" in explained
    assert "  not in the dictionary: script ×2, alert\n" in explained


def test_nothing_is_cut_where_there_is_no_terminal():
    text = "word " * 60
    assert f"text, original: {text}\n" in printed(Preview([{"text": (text, [])}], 1, {}), width=30)


def test_a_terminal():
    """Colours; side by side where it is wide."""
    wide = printed(PREVIEW, 100, terminal=True, color_system="standard")
    assert "\x1b[1;30;43mσκύλος\x1b[0m" in wide
    assert "[dog]" not in wide
    assert any("dog" in line and "σκύλος" in line for line in wide.splitlines())
    narrow = printed(PREVIEW, 40, terminal=True, color_system="standard")
    assert not any("\x1b[4mdog" in line and "σκύλος" in line for line in narrow.splitlines())


@pytest.mark.parametrize(("width", "told"), [(80, True), (60, False)])
def test_what_outcomes_mean_is_told_of_all_or_none(width, told):
    out = printed(PREVIEW, width, terminal=True, color_system=None)
    assert [outcome.meaning in out for outcome in Outcome] == [told] * len(Outcome)


@pytest.mark.parametrize("options", [{"color_system": None}, {"color_system": "standard", "no_color": True}])
def test_a_terminal_without_colours_has_brackets(options):
    assert "[σκύλος]" in printed(PREVIEW, terminal=True, **options)


@pytest.mark.parametrize("width", [20, 71, 72, 100])
def test_lines_fit_the_terminal(width):
    """Also long words and wide characters."""
    from rich.cells import cell_len

    row = {"instruction": ("狗" * 90 + " " + "w" * 90, []), **EXPLAINED.rows[0]}
    out = printed(Preview([row], 1, EXPLAINED.settings, explain=True), width, terminal=True, color_system=None)
    assert max(map(cell_len, out.splitlines())) <= width


def test_no_code_of_the_terminal_comes_from_the_data():
    row = {"te\x1b[31mxt": ("a \x1b[2J b", [])}
    for terminal in (True, False):
        assert "\x1b[2J" not in (out := printed(Preview([row], 1, {"file": "\x1b[1m"}), terminal=terminal))
        assert "␛[2J" in out
        assert "\x1b[31m" not in out
