"""Whether questions are matched with their answers: whatever is the same for all questions or answers says nothing."""

import numpy as np
import pytest

from commit_llm.evaluate.candidates import RankedQuestion
from commit_llm.evaluate.matching import matched
from commit_llm.evaluate.question_files import Question

ANSWERS = ("uno", "dos", "tres")


def asked(*rights, context="0-0"):
    return [RankedQuestion(Question("", context, "", "", ("",)), ANSWERS, right) for right in rights]


def test_by_hand():
    """Question 0 matches with 1 and not with 2; 1 matches with 2."""
    fit = [[3.0, 0.0, 4.0], [1.0, 2.0, 0.0], [2.0, 0.0, 2.5]]
    assert matched(asked(0, 1, 2), fit) == [0.5, 1.0, 0.5]


def test_what_all_share_says_nothing():
    """A question after which everything is likely, an answer that is always likely."""
    rng = np.random.default_rng(0)
    fit = rng.normal(size=(3, 3))
    moved = fit + 100 * rng.normal(size=(3, 1)) + 100 * rng.normal(size=(1, 3))
    assert matched(asked(0, 1, 2), moved.tolist()) == matched(asked(0, 1, 2), fit.tolist())


@pytest.mark.parametrize(
    ("items", "fit", "shares"),
    [
        (asked(0, 1), [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]], [0.0, 0.0]),  # a tie
        (
            [*asked(0, 1), *asked(0, context="1-0")],
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [9.0, 0.0, 0.0]],
            [1.0, 1.0, 0.5],
        ),
        (asked(0, 0), [[1.0, 0.0, 0.0]] * 2, None),  # the same right answer
        ([*asked(0), *asked(1, context="1-0")], [[1.0, 0.0, 0.0]] * 2, None),
    ],
)
def test_what_is_no_pair(items, fit, shares):
    assert matched(items, fit) == shares
