"""The preview in a terminal, and where there is none."""

import io
import re

import pytest
from rich.console import Console

from commit_llm.codemix.outcome import Outcome
from commit_llm.report.preview.preview import MixingPreview
from commit_llm.report.preview.preview_terminal import show
from tests.report.preview.example import ARABIC, EXPLAINED, GREEK, PREVIEW, WAYS, placed


def printed(preview, width=100, terminal=False, **options):
    out = io.StringIO()
    show(preview, Console(file=out, width=width, force_terminal=terminal, **options))
    return out.getvalue()


def test_no_terminal():
    """Plain text: no colour codes, replaced words in brackets, a line of text on one line."""
    out = printed(PREVIEW, width=40)
    assert "\x1b" not in out
    assert "instruction, original: The [dog] <script>alert(1)</script> of Anna & `cat`.\n" in out
    assert "instruction, mixed: The [σκύλος] <script>alert(1)</script> of Anna & `cat`.\n" in out
    assert "source, not mixed: <i>kept</i>\n" in out
    assert "\ninput, empty\n" in out
    assert "replaced               4   30.8 %  swapped for a translation\n" in out
    assert "CMI 18.1   M-index " in out
    assert "not drawn: The" not in out
    explained = printed(EXPLAINED, width=40)
    assert "  replaced: dog → <b>كلب</b> ×2\n" in explained
    for line in ("not in the dictionary: script ×2, alert", "kept for an answer: sea", "said just before: no"):
        assert f"  {line}\n" in explained


def test_ways_to_mix_without_colours():
    """Words in one pair of brackets, phrases in two, sentences in three; what stands behind a word; languages."""
    out = printed(WAYS, width=40)
    assert (
        "marked:  [word]  [[phrase]]  [[[sentence]]]  word [(after it)]  phrase [[(after it)]]  el:its language\n"
        in out
    )
    assert "original: A [[polar bear]] [eats] `fish`. [[[Dogs bark!]]] The <b>.\n" in out
    mixed = "mixed: A [[el:πολική <αρκούδα>]] [ar:يأكل] `fish`. [[[el:Οι σκύλοι γαβγίζουν!]]] The <b>.\n"
    assert mixed in out
    assert "mixed: dogs [ar:(كلاب)] (cats, [el:γάτες]) in time [[el:(εγκαίρως)]]\n" in out
    for line in (
        "replaced: eats → يأكل (ar)", "phrases replaced: polar bear → πολική <αρκούδα> (el)",
        "sentences replaced: Dogs bark! → Οι σκύλοι γαβγίζουν! (el)", "annotated: dogs → كلاب (ar), cats → γάτες (el)",
        "phrases annotated: in time → εγκαίρως (el)", "phrases and sentences left out, beginning with: A",
    ):  # fmt: skip
        assert f"  {line}\n" in out
    assert "marked:" not in printed(EXPLAINED)


def test_several_languages_of_words_alone_are_named():
    row = placed("a dog", ("a", "ένας", GREEK), ("dog", "كلب", ARABIC))
    assert "marked:  [word]  el:its language\n" in printed(MixingPreview([{"text": row}], 1, {}))


def test_ways_to_mix_have_styles():
    out = printed(WAYS, 100, terminal=True, color_system="standard")
    assert "[[" not in out
    styles = [
        re.search(r"\x1b\[([\d;]+)m" + re.escape(part), out).group(1) for part in ("ar:يأكل", "el:πολική", "el:Οι")
    ]
    assert len(set(styles)) == 3


def test_nothing_is_cut_where_there_is_no_terminal():
    text = "word " * 60 + "word"
    assert f"text, original: {text}\n" in printed(MixingPreview([{"text": (text, [])}], 1, {}), width=30)


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
    rows = [row, *WAYS.rows]
    out = printed(MixingPreview(rows, 2, EXPLAINED.settings, explain=True), width, terminal=True, color_system=None)
    assert max(map(cell_len, out.splitlines())) <= width


def test_no_code_of_the_terminal_comes_from_the_data():
    row = {"te\x1b[31mxt": ("a \x1b[2J b", [])}
    for terminal in (True, False):
        assert "\x1b[2J" not in (out := printed(MixingPreview([row], 1, {"file": "\x1b[1m"}), terminal=terminal))
        assert "␛[2J" in out
        assert "\x1b[31m" not in out
