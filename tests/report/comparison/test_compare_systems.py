"""Which tasks are compared, and what is refused."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.machine_readable import as_data
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import change, compare, evaluation


def test_suites_stand_apart(tmp_path):
    """The paper's tasks and those in the tuning prompt are never in one table."""

    def both(folder, seed):
        evaluation(folder, 0.5, seed)
        held = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        rows = (folder / "predictions.jsonl").read_text(encoding="utf-8")
        evaluation(folder, 0.5, seed, ("el",), suite="xquad_instruct")
        with (folder / "predictions.jsonl").open("a", encoding="utf-8") as file:
            file.write(rows)
        change(folder, lambda other: other["tasks"].update(held["tasks"]))
        return str(folder)

    found = compare_systems(
        read_systems([both(tmp_path / "a", 1), both(tmp_path / "b", 2)]), ComparisonSettings(resamples=200)
    )
    assert {suite.name: list(suite.tasks) for suite in found.suites} == {
        "xquad_instruct": ["el"],
        "ogx_xquad": ["el", "th"],
    }


def test_the_same_figures_every_time(folders, compared):
    again = compare_systems(read_systems(folders), ComparisonSettings(resamples=500))
    assert as_data(again) == as_data(compared)


def test_contamination_is_refused_unless_allowed(pair, tmp_path):
    seen = evaluation(tmp_path / "seen", 0.9, 3, contaminated_contexts=2)
    with pytest.raises(UserError, match=r"seen, ogx_xquad_el: 2 of 12 contexts \(and 1 more\).*--allow"):
        compare(pair[0], seen)
    allowed = compare(pair[0], seen, allow_contamination=True)
    assert sum("2 of 12 contexts" in note for note in allowed.notes) == 2


def test_a_language_stands_once_in_a_suite(pair):
    """Two tasks of one suite and language would be one column, and one of them be lost."""
    for folder in pair:
        change(folder, lambda held: held["tasks"]["ogx_xquad_th"].update(language="el"))
    with pytest.raises(UserError, match="ogx_xquad_el and ogx_xquad_th are both of suite ogx_xquad in language el"):
        compare(*pair)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"baseline": "three"}, "--baseline three: no such system; there are one, two"),
        ({"resamples": 10}, "--resamples 10: must be 100 to 100000"),
        ({"resamples": 10**9}, "--resamples 1000000000: must be 100 to 100000"),
        ({"seed": -1}, "--seed -1: must be 0 or more"),
    ],
)
def test_settings_out_of_range(pair, settings, message):
    with pytest.raises(UserError, match=message):
        compare_systems(read_systems(map(str, pair)), ComparisonSettings(**settings))
