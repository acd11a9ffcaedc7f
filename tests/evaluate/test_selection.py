"""Which questions are asked: the first of each context, the first of those."""

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.selection import Selection, read_per_context

QUESTIONS = [Question(str(number), context, "", "", ("a",)) for number, context in enumerate("aabab" + "cccc")]


@pytest.mark.parametrize(
    ("limit", "per_context", "ids"),
    [
        (None, None, "012345678"), (3, None, "012"), (None, 1, "025"), (None, 2, "012456"), (None, 9, "012345678"),
        (4, 2, "0124"), (99, 1, "025"),
    ],
)  # fmt: skip
def test_the_first_of_each_context_and_the_first_of_those(limit, per_context, ids):
    assert "".join(question.id for question in Selection(limit, per_context).of(QUESTIONS)) == ids


@pytest.mark.parametrize(
    ("selection", "message"), [((0, None), "--limit 0: must"), ((None, -1), "--per-context -1: must")]
)
def test_a_number_below_one_is_refused(selection, message):
    with pytest.raises(UserError, match=message):
        Selection(*selection).of(QUESTIONS)


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        ([], {}), (["2"], {"a": 2, "b": 2}), (["b=3"], {"b": 3}), (["2", "b=3"], {"a": 2, "b": 3}),
        (["a=1", "b=3"], {"a": 1, "b": 3}),
    ],
)  # fmt: skip
def test_a_number_for_all_or_for_a_task(values, numbers):
    assert read_per_context(values, ["a", "b"]) == numbers


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["0"], "--per-context '0': give a number from 1"), (["a"], "'a': give a number"), (["a="], "'a=': give"),
        (["a=1.5"], "'a=1.5': give"), (["-1"], "'-1': give"), (["²"], "'²': give"),
        (["c=1"], "c is not one of our tasks"),
        (["1", "2"], "a second number for all tasks"), (["a=1", "a=1"], "a second number for a;"),
    ],
)  # fmt: skip
def test_other_values_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        read_per_context(values, ["a", "b"])


def test_a_bare_number_for_no_task_of_ours_is_refused():
    with pytest.raises(UserError, match="is for tasks of ours, and none is named"):
        read_per_context(["1"], [])
