"""A run's curves: drawn as far as they are logged, described, and what they lack in words."""

import math

import pytest

from commit_llm.report.run.curves import charts, curve, curves, description
from commit_llm.runs.logs import Logs
from tests.report.run.run_example import LOGS, METRICS
from tests.report.test_page import Elements

EMPTY = Logs({}, {}, {})


def test_curves_of_a_run():
    html = curves(LOGS, 1.0, holds_out=True)
    assert html.count("<figure>") == 5
    by_title = {chart.title: description(chart) for chart in charts(LOGS, 1.0)}
    assert by_title["loss"] == (
        "loss by step; training: 9 at step 1, 0.3 at step 30, lowest 0.3, highest 9; held out: 1.25 at step 10"
    )
    assert by_title["tokens a second"] == "tokens a second by step; 10 at step 1"
    assert "tokens a second: 1 logged value is not a finite number" in Elements(html).text


@pytest.mark.parametrize(
    ("logs", "pictures", "notes"),
    [
        (EMPTY, 0, ["Nothing is logged yet of: loss, accuracy, learning rate, gradient norm, tokens a second."]),
        (Logs({1: METRICS[1]}, {}, {}), 4, ["One step is logged so far.", "Nothing is logged of: tokens a second."]),
        (Logs({1: {"loss": math.inf}, 2: {"loss": 2}}, {}, {}), 1, ["loss: 1 logged value is not a finite number"]),
        (Logs({1: {"loss": "x"}, 2: {"loss": 10**400}}, {}, {}), 0, ["loss: 2 logged values are no finite number"]),
    ],
)
def test_curves_of_a_broken_run(logs, pictures, notes):
    html = curves(logs, 1.0, holds_out=True)
    assert html.count("<figure>") == pictures
    assert all(note in html for note in [*notes, "No held-out loss: it is not computed yet."])
    assert "this run holds out no examples" in curves(EMPTY, 1.0, holds_out=False)


def test_a_curve_is_of_the_lines_that_have_its_figure():
    logged = curve({1: {"loss": 9}, 2: {"loss": 2}, 3: {"accuracy": 1}, 4: {"loss": True}}, "loss")
    assert (logged.steps, logged.values, logged.left_out) == ([1, 2], [9.0, 2.0], 1)
