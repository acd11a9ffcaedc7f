"""The sentences follow from the numbers."""

import pytest

from commit_llm.quickstart.conclusions import conclusions
from commit_llm.quickstart.measure import ArmScores, LanguageScores


def answers(exact=0.0, other=0.0, target=100.0):
    """Shares of 240 questions; either is the sum of the first two."""
    return LanguageScores(exact, other, exact + other, target, 100.0 - target, 0.0, 0.0, 240)


def said(alpaca=None, naive=None, commit=None):
    """The conclusions for three pairs (asked in Greek, asked in English), as one line of text."""
    usual = {
        "alpaca": alpaca or (answers(0, 0, 10), answers(76, 0, 0)),
        "codemix-naive": naive or (answers(77), answers(0, 52, 100)),
        "commit": commit or (answers(79), answers(0, 62, 100)),
    }
    return " ".join(" ".join(conclusions({arm: ArmScores(*pair) for arm, pair in usual.items()})).split())


def test_as_measured_at_first():
    text = said()
    assert "commit gets 79 % exactly right, alpaca 0 %" in text
    assert "with a perfect word-for-word dictionary, mixing carries the task over." in text
    assert "alpaca does not know the answers in English words either (0 %)" in text
    assert "no difference to speak of here, with one seed" in text
    assert "commit gets 0 % exactly right (62 % in either language), alpaca 76 %" in text
    assert "commit answers all English questions in Greek: 100 %" in text
    assert "mixing cost some of the English questions" in text
    assert "70 % of the dictionary's words were swapped" in text
    assert "in your own training, try `train --unmixed-share 0.1`." in text
    assert "says nothing about real models" in text


@pytest.mark.parametrize(
    ("greek", "expected"),
    [
        (79.0, "mixing carries the task over"),
        (12.0, "mixing helps a little, and does not carry"),
        (3.0, "mixing did not carry the task over here"),
    ],
)
def test_mixing_is_said_to_help_only_where_it_did(greek, expected):
    text = said(commit=(answers(greek), answers(70, 0, 0)))
    assert expected in text
    assert ("mixing carries the task over" in text) == (greek > 50)


def test_mixing_that_made_it_worse():
    assert "mixing made it worse here" in said(alpaca=(answers(40), answers(80)), commit=(answers(10), answers(70)))


def test_right_in_the_wrong_language():
    text = said(alpaca=(answers(0, 61, 5), answers(80, 0, 0)))
    assert "alpaca answers 61 % of the Greek questions rightly, but in English; 95 % of its answers" in text
    assert "does not know the answers" not in text


def test_alpaca_that_answers_in_greek_is_not_said_to_know_nothing():
    assert "does not know" not in said(alpaca=(answers(50), answers(80, 0, 0)))


@pytest.mark.parametrize(("naive", "ahead"), [(60.0, "commit"), (95.0, "codemix-naive")])
def test_a_difference_of_the_template(naive, ahead):
    text = said(naive=(answers(naive), answers(0, 50)))
    assert f"{ahead} is ahead here, by {abs(79 - naive):.0f} points. One seed does not settle it." in text
    assert "no difference" not in text


def test_english_that_stays_english():
    text = said(commit=(answers(79), answers(70, 0, 1)))
    assert "commit still answers English questions in English" in text
    assert "unmixed-share" not in text
    assert "mixing cost" in text
    assert "mixing cost" not in said(commit=(answers(79), answers(74, 0, 1)))


def test_english_that_is_sometimes_greek():
    assert "commit answers some English questions in Greek: 30 %" in said(commit=(answers(79), answers(50, 20, 30)))
