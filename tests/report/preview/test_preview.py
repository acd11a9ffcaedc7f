"""What a preview shows: pieces of texts, counts, shares and measures."""

import pytest

from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.engine.pieces import mixed_pieces, pieces
from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.report.preview.preview import MixingPreview, shares
from tests.report.preview.example import PREVIEW, ROWS, WAYS, WAYS_ROWS, placed


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
    assert counts == dict(zip(Outcome, (4, 1, 3, 1, 1, 1, 1, 1, 1), strict=True))
    found = shares(counts)
    assert found[Outcome.PROTECTED] is None
    assert found[Outcome.REPLACED] == pytest.approx(100 * 4 / 13)
    assert sum(share for share in found.values() if share) == pytest.approx(100)
    # Tags by text: 0100000-, 11000, 1; the empty text and the one that is not mixed are no utterances.
    metrics = PREVIEW.metrics()
    assert metrics.cmi == pytest.approx((100 / 7 + 100 * 2 / 5 + 0) / 3)
    assert metrics.i_index == pytest.approx(3 / 10)
    assert metrics.spf == pytest.approx((2 / 6 + 1 / 4 + 0) / 3)


def test_what_is_set_behind_is_a_piece_of_its_own():
    for text, words in WAYS_ROWS[0].values():
        parts = list(mixed_pieces(text, words, unspaced=False))
        assert "".join(part for part, _ in parts) == replace(text, words, unspaced=False)
    assert [(part, word and word.translation) for part, word in parts][:4] == [
        ("dogs ", None), ("(كلاب)", "كلاب"), (" (", None), ("cats, ", None),
    ]  # fmt: skip
    assert [part for part, word in parts if word] == ["(كلاب)", "γάτες", "(εγκαίρως)"]


def test_what_is_said_of_replaced_words():
    """Words of phrases and sentences, as many as they have in the source; shares of all words."""
    lines = {line.label: line[1:4] for line in WAYS.table()}
    assert lines == {
        "replaced": (9, pytest.approx(100 * 9 / 11), "swapped for a translation"),
        "  in phrases": (4, pytest.approx(100 * 4 / 11), "2 phrases"),
        "  in sentences": (2, pytest.approx(100 * 2 / 11), "1 sentence"),
        "  annotated": (4, pytest.approx(100 * 4 / 11), "the translation stands behind"),
        "  in el": (7, pytest.approx(100 * 7 / 11), ""),
        "  in ar": (2, pytest.approx(100 * 2 / 11), ""),
        "not drawn": (2, pytest.approx(100 * 2 / 11), "the draw left it, as the ratio asks"),
        "not in the dictionary": (0, 0, "the dictionary has no translation of it"),
        "protected": (1, None, "code, link, formula, placeholder, digits"),
        "left out": (1, None, "phrases, sentences: for an answer, or code"),
    }
    assert [line.label for line in PREVIEW.table()] == [outcome.label for outcome in PREVIEW.counts()]


def test_sentences_are_not_of_the_ratio():
    """Of the words drawn, alone or in phrases: seven of nine are replaced, and a sentence of two besides."""
    assert WAYS.reached() == 7 / 9
    assert PREVIEW.reached() == 4 / 5
    assert MixingPreview([{"text": ("", [])}], 1, {}).reached() is None


@pytest.mark.parametrize("languages", [("el", "el"), (None, None)])
def test_one_language_is_not_named(languages):
    row = placed("a b", *(("ab"[n], "x", {"language": language}) for n, language in enumerate(languages)))
    preview = MixingPreview([{"text": row}], 1, {})
    assert not preview.has_languages
    assert len(preview.table()) == 3


def test_the_usual_outcomes_are_always_told():
    assert list(MixingPreview([{"text": ("", [])}], 1, {}).counts()) == list(Outcome)[:3]


@pytest.mark.parametrize(
    ("shown", "total", "heading"),
    [
        (1, None, "The first row"),
        (3, None, "The first 3 rows"),
        (1, 1, "One row"),
        (2, 2, "All 2 rows"),
        (1, 9, "The first of 9 rows"),
        (2, 1807, "The first 2 of 1,807 rows"),
    ],
)
def test_heading(shown, total, heading):
    assert MixingPreview(ROWS[:1] * shown, total, {}).heading() == heading
