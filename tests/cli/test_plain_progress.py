"""Progress in a pipe or a file: a line a minute, at the minutes of a clock that the tests hold."""

import time

import pytest

from commit_llm.cli.plain_progress import PlainLines, looking


@pytest.fixture
def plain():
    """Lines, those that were printed, and a function that lets time pass."""
    now, printed = [1000.0], []

    def wait(seconds):
        now[0] += seconds

    return PlainLines(printed.append, lambda: now[0]), printed, wait


def test_a_line_a_minute_and_one_at_the_end(plain):
    lines, printed, wait = plain
    lines("training", 0, 40, unit="step")
    for step in range(1, 41):
        wait(100 if step == 1 else 9.25)
        lines("training", step, 40, f"loss {step}" if step % 10 == 1 else "", "step")
    lines.end()
    assert printed == [
        "training: 1 of 40 steps after 2 min, loss 1",
        "training: 8 of 40 steps, 9.2 s a step, about 5 min left, loss 1",
        "training: 15 of 40 steps, 9.2 s a step, about 4 min left, loss 11",
        "training: 22 of 40 steps, 9.2 s a step, about 3 min left, loss 21",
        "training: 29 of 40 steps, 9.2 s a step, about 2 min left, loss 21",
        "training: 36 of 40 steps, 9.2 s a step, about 37 s left, loss 31",
        "training: 40 of 40 steps in 8 min, loss 31",
    ]


def test_a_minute_in_which_nothing_is_reported(plain):
    lines, printed, wait = plain
    lines.look()
    lines("training", 0, 40, unit="step")
    wait(59)
    lines.look()
    assert printed == []
    wait(1)
    lines.look()
    lines.look()
    wait(60)
    lines.look()
    assert printed == ["training: 0 of 40 steps after 1 min", "training: 0 of 40 steps after 2 min"]


def test_short_pieces_of_long_work(plain):
    """None of them takes a minute; together they do."""
    lines, printed, wait = plain
    for number in range(4):
        for done in (0, 1, 2):
            lines(f"task {number}", done, 2)
            wait(15)
    lines.end()
    assert printed == ["task 1: 1 of 2 after 15 s", "task 3: 0 of 2 after 0 s"]


def test_quick_work_says_nothing(plain):
    lines, printed, wait = plain
    for done in range(10):
        lines("mixing", done, 10)
        wait(5)
    lines.end()
    assert printed == []


def test_the_same_work_again_begins_anew(plain):
    lines, printed, wait = plain
    for _ in range(2):
        for done in (0, 1, 2):
            lines("training", done, 2, unit="step")
            wait(70)
    assert printed == [
        "training: 1 of 2 steps after 1 min",
        "training: 2 of 2 steps in 2 min",
        "training: 0 of 2 steps after 0 s",
        "training: 1 of 2 steps after 1 min",
        "training: 2 of 2 steps in 2 min",
    ]


def test_a_thread_looks_at_the_clock(plain, monkeypatch):
    lines, printed, wait = plain
    monkeypatch.setattr("commit_llm.cli.plain_progress.LOOK", 0.001)
    lines("training", 0, 40, unit="step")
    wait(61)
    with looking(lines):
        for _ in range(5000):
            if printed:
                break
            time.sleep(0.001)
    assert printed == ["training: 0 of 40 steps after 1 min"]
