"""Steps that are looked at: a loss that is not a number, and that of held-out examples."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.opened_sources import name_rows
from commit_llm.errors import UserError
from commit_llm.runs.logs import read_metrics
from commit_llm.train.loop import train
from commit_llm.train.step import Metrics
from commit_llm.train.stepping import Stepping


@pytest.mark.slow
def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(small_recipe, tmp_path):
    recipe = small_recipe(learning_rate=1e30, clip_norm=1e30, checkpoint_every=1, log_every=100, warmup_steps=0)
    kept = r"(the checkpoint of step \d+ is kept|there is no)"
    message = rf"step (\d+) has loss .*, on rows [\d, ]+(\.\.\.)? of the data \(from 0\); {kept}"
    with pytest.raises(UserError, match=message) as error:
        train(recipe, tmp_path / "run")
    assert "\n" not in str(error.value)
    saved = [int(path.name) for path in (tmp_path / "run" / "checkpoints").iterdir()]
    bad = int(str(error.value).split("step ")[1].split()[0])
    assert all(step < bad for step in saved)
    assert all(np.isfinite(line["loss"]) for line in read_metrics(tmp_path / "run"))


@pytest.mark.parametrize("bad", [{"loss": np.nan}, {"grad_norm": np.inf}])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_every_step_since_the_last_look_is_looked_at(tmp_path, place, bad):
    """A later step may be finite again, where the weights are not what they were."""
    stepping = Stepping.__new__(Stepping)
    stepping.checkpoints, stepping.saved = SimpleNamespace(run=tmp_path), 3
    stepping.training, stepping.report = SimpleNamespace(recipe=SimpleNamespace(steps=9)), lambda *report: None
    stepping.name_rows = partial(name_rows, [ExampleMaker(None, [], None)])
    good = {"loss": 1.0, "accuracy": 0.5, "grad_norm": 2.0}
    stepping.unchecked = [
        (4 + step, Metrics(**(good | bad if step == place else good)), np.array([[7, -1]])) for step in range(3)
    ]
    with pytest.raises(UserError, match=rf"step {4 + place} has loss .* on rows 7 of the data .* step 3 is kept"):
        stepping._require_finite()


def test_steps_are_reported_once_their_results_are_there():
    """The device works through a queue of steps; nothing is waited for."""
    reports, ready = [], {4, 6}
    stepping = Stepping.__new__(Stepping)
    stepping.training = SimpleNamespace(recipe=SimpleNamespace(steps=9))
    stepping.report, stepping.reported = lambda *report: reports.append(report), 3

    def queued(step):
        return step, SimpleNamespace(loss=SimpleNamespace(is_ready=lambda: step in ready)), None

    stepping.unchecked = [queued(step) for step in (4, 5, 6)]
    stepping._report_finished()
    assert reports == [(4, 9, None)]  # 6 is no more finished than 5 before it
    ready.add(5)
    stepping._report_finished()
    assert reports == [(4, 9, None), (5, 9, None), (6, 9, None)]


@pytest.mark.slow
def test_every_step_is_reported_once(small_recipe, tmp_path, capsys):
    """From the one before the first, and with its line where it is logged."""
    reports = []
    train(small_recipe(), tmp_path / "run", lambda *report: reports.append(report))
    assert [step for step, _, _ in reports] == list(range(9))
    assert [step for step, _, logged in reports if logged] == [1, 2, 4, 6, 8]


@pytest.mark.slow
def test_held_out_examples(small_recipe, tmp_path):
    run = tmp_path / "run"
    train(small_recipe(held_out_share=0.2, eval_every=3), run)
    lines = [json.loads(line) for line in (run / "held_out.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 6, 8]
    assert lines[-1]["loss"] < lines[0]["loss"]
    with pytest.raises(UserError, match="--held-out-share 1e-05: holds out 0 of"):
        train(small_recipe(held_out_share=0.00001), tmp_path / "other")
