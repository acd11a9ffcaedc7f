"""Scores of one answer. Those of SQuAD and MLQA are held to the reference in test_golden."""

import pytest

from commit_llm.evaluate.scores import normalise_squad, score, words, words_f1


def test_a_word_counts_as_often_as_both_have_it():
    """F1 is of bags: of three words and four, two are common (*the* twice), and not one."""
    assert score("the2 the2 cat", ["the2 dog the2 bird"], normalise_squad).f1 == pytest.approx(
        2 * (2 / 3) * (2 / 4) / (7 / 6)
    )


def test_icu_words():
    pytest.importorskip("icu4py", reason="the extra seg is not installed")
    assert words("ประเทศไทย มีข้าว!", "th") == ["ประเทศไทย", "มี", "ข้าว"]
    assert words("我喜欢 Peking。", "zh") == ["我", "喜欢", "peking"]
    assert words_f1("มีข้าว", ["ไทย", "ข้าว"], "th") == pytest.approx(2 / 3)
    assert score("มีข้าว", ["ข้าว"], normalise_squad).f1 == 0  # SQuAD's F1 knows spaces only
