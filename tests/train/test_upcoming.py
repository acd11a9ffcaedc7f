"""What is said of the time that steps wait for their batches."""

import json
from io import StringIO
from types import SimpleNamespace

import pytest

from commit_llm.runs.run import METRICS, TIMING
from commit_llm.train import upcoming as upcoming_module
from commit_llm.train import watch
from commit_llm.train.upcoming import AwaitedBatches
from commit_llm.train.watch import Logged, Watch


class Clock:
    """A clock that stands until it is set on."""

    now = 0.0

    def perf_counter(self):
        return self.now


class Slow:
    """Batches that take their time."""

    def __init__(self, clock, seconds):
        self.clock, self.seconds, self.taken = clock, seconds, 0

    def __next__(self):
        self.clock.now += self.seconds[self.taken]
        self.taken += 1
        return {}

    def get_state(self):
        return {"position": self.taken}


def test_waiting_is_told_since_the_line_before_and_in_all_since_the_first_step(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(watch, "time", clock)
    monkeypatch.setattr(upcoming_module, "time", clock)
    files, drawn = {name: StringIO() for name in (METRICS, TIMING)}, {}
    tensorboard = SimpleNamespace(
        add=lambda step, figures: drawn.update({(name, step): value for name, value in figures.items()})
    )
    log = Watch(files, tensorboard, None, tokens=0)
    upcoming = AwaitedBatches(Slow(clock, [8.0, 1.0, 0.5, 0.0]))
    for step, computes in ((1, 2.0), (2, 1.0), (3, 3.5), (4, 4.0)):
        next(upcoming)
        clock.now += computes
        if step != 3:
            log.log(Logged(step, 2.0, 0.5, 1e-3, 1.0, 100 * step), upcoming.seconds)
    timing = [json.loads(line) for line in files[TIMING].getvalue().splitlines()]
    assert timing == [
        {"step": 1, "seconds": 10.0, "tokens_per_second": 10.0, "waiting_seconds": 8.0},
        {"step": 2, "seconds": 2.0, "tokens_per_second": 50.0, "waiting_seconds": 1.0},
        {"step": 4, "seconds": 8.0, "tokens_per_second": 25.0, "waiting_seconds": 0.5},
    ]
    assert drawn["train/waiting_seconds", 4] == 0.5
    assert upcoming.share() == pytest.approx(1.5 / 10)
    assert upcoming.get_state() == {"position": 4}
    assert "waiting" not in files[METRICS].getvalue()  # which is the same in every run


def test_one_step_says_nothing_of_waiting():
    upcoming = AwaitedBatches(Slow(Clock(), [0.0]))
    assert upcoming.share() == 0.0
    next(upcoming)
    assert upcoming.share() == 0.0
