"""The tables of docs/study.md are those of the results that come with the studies."""

import re

import pytest

from tests.study.page_tables import PAGE, RESULTS, Trial, differences, with_tables

TASK = "xquad_rank_es"
INTERVAL = re.compile(r"\[([-+−]?\d+\.\d),\s([-+−]?\d+\.\d)\]")
# Of the rising ratio minus 0.9, which `study.md`, where all is compared with `alpaca`, does not have.
OF_TWO_ARMS = {(-5.1, 18.0)}


def trial(first, matched):
    """A trial of two contexts with two questions each."""
    contexts = {"a": "0-0", "b": "0-0", "c": "0-1", "d": "0-1"}
    shares = {"first": first, "first_without_context": first, "matched": matched, "matched_without_context": matched}
    values = {(TASK, name): dict(zip("abcd", of_name, strict=True)) for name, of_name in shares.items()}
    return Trial({}, {TASK: {}}, values, contexts)


def test_differences_are_paired_by_question_and_their_error_is_over_contexts():
    trials = {
        ("alpaca", 0): trial([1, 0, 0, 0], [1, 1, 0, 0]),
        ("alpaca", 1): trial([0, 0, 0, 0], [1, 1, 1, 1]),
        ("commit", 0): trial([1, 1, 1, 0], [1, 1, 1, 1]),
        ("commit", 1): trial([0, 0, 1, 1], [1, 1, 1, 1]),
    }
    _, _, *rows = [line.strip("| ").split(" | ") for line in differences(trials, "es").splitlines()]
    # By hand: of seed 0 `first` differs by 0, 1, 1, 0: 1 in either context, so without an error.
    assert rows[0] == ["`commit`, ratio 0.9", "0", "+50.0 ± 0.0", "+50.0 ± 0.0", "+50.0 ± 50.0", "+50.0 ± 50.0"]
    # Of seed 1 by 0 and 2, whose deviations from 1 are -1 and 1: sqrt(2 * 2) / 4.
    assert rows[1] == ["1", "+50.0 ± 50.0", "+50.0 ± 50.0", "+0.0 ± 0.0", "+0.0 ± 0.0"]
    assert rows[2] == ["0, 1", "+50.0 ± 25.0", "+50.0 ± 25.0", "+25.0 ± 25.0", "+25.0 ± 25.0"]
    assert rows[3][:3] == ["`alpaca` (unmixed) with another seed", "1 - 0", "-25.0 ± 25.0"]


def test_the_page_has_the_tables_of_the_results():
    """Else write them with `python -m tests.study.page_tables`."""
    page = PAGE.read_text(encoding="utf-8")
    assert with_tables(page) == page


def test_a_page_without_a_place_for_a_table():
    with pytest.raises(AssertionError, match="has no place for"):
        with_tables("")


def intervals(text):
    return {tuple(float(end.replace("−", "-")) for end in ends) for ends in INTERVAL.findall(text)}


@pytest.mark.parametrize("name", ["study.md", "choosing.md"])
def test_intervals_that_a_page_quotes_are_of_the_results(name):
    """A page may turn a difference round: the untuned model minus another is that one minus the untuned model."""
    tables = set().union(*(intervals(path.read_text(encoding="utf-8")) for path in RESULTS.glob("*/study.md")))
    turned = {(-high, -low) for low, high in tables}
    quoted = intervals(PAGE.with_name(name).read_text(encoding="utf-8"))
    assert len(quoted) > 5
    assert quoted - tables - turned - OF_TWO_ARMS == set()
