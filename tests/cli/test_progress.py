"""Progress of commands: lines in a pipe, a bar of 80 columns on a terminal."""

import io
import re
from itertools import count

import pytest
from rich.console import Console

from commit_llm.cli.main import main
from commit_llm.cli.progress import AnswersBar, TrainingBar, bars
from commit_llm.train.watch import Logged


@pytest.fixture
def by_the_clock(monkeypatch):
    """Takes a clock that goes so many seconds further at every look."""
    monkeypatch.setattr("commit_llm.cli.plain_progress.LOOK", 1e6)

    def call(seconds):
        ticks = count(0, seconds)
        monkeypatch.setattr("commit_llm.cli.progress.clock", lambda: next(ticks))

    return call


@pytest.fixture
def terminal(monkeypatch):
    """Takes a terminal of so many columns for standard error, and gives what is written to it."""

    def call(columns, color_system=None):
        written = io.StringIO()
        monkeypatch.setattr(
            "commit_llm.cli.progress.Console",
            lambda **options: Console(
                file=written, force_terminal=True, width=columns, color_system=color_system, _environ={}
            ),
        )
        return written

    return call


def test_lines_of_training_and_answers(by_the_clock, capsys):
    by_the_clock(5)
    with bars() as bar:
        training = TrainingBar(bar)
        for step in range(41):
            training(step, 40, Logged(step, 1.5, 0.5, 1e-3, 1.0, 1000 * step) if step % 10 == 0 else None)
        answers = AnswersBar(bar)
        for answered in range(0, 200, 25):
            answers("ogx_xquad_el", answered, 1190)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 4
    speed = r"\d+ s a step, about \d+ min left, loss 1\.500, \d+ tok/s"
    assert re.fullmatch(rf"training: \d+ of 40 steps, {speed}", lines[1])
    assert any(line.startswith("training: 40 of 40 steps in ") for line in lines)
    assert lines[-1].startswith("ogx_xquad_el: ")
    assert all("\x1b" not in line and len(line) <= 80 for line in lines)


def test_quiet_where_another_process_speaks(by_the_clock, capsys):
    by_the_clock(100)
    with bars(quiet=True) as bar:
        bar("training", 1, 40)
        bar("training", 2, 40, "loss 1", "step")
    assert capsys.readouterr().err == ""


def test_what_failed_has_no_last_line(by_the_clock, capsys):
    def fail():
        with bars() as bar:
            bar("training", 0, 40)
            raise ZeroDivisionError

    by_the_clock(20)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "steps", "seconds"),
    [("training", 1203, 9), ("training codemix-naive", 300, 0.1), ("ogx_xquad_el", 1190, 2)],
)
def test_a_bar_fits_80_columns(terminal, by_the_clock, name, steps, seconds):
    written = terminal(80)
    by_the_clock(seconds)
    with bars() as bar:
        training = TrainingBar(bar, name)
        for step in range(121):
            training(step, steps, Logged(step, 1.2345, 0.5, 1e-3, 1.0, 1000 * step))
    line = written.getvalue().splitlines()[-2].removeprefix("\x1b[2K")
    assert line.startswith(f"{name} ")
    assert f" 120/{steps} 0:00:00 " in line
    assert " left loss 1.234, " in line
    assert line.endswith(" tok/s")
    assert len(line) == 80


@pytest.mark.slow
def test_train_in_a_pipe(example, by_the_clock, tmp_path, capsys):
    by_the_clock(31)
    made = ["--data", example / "instructions.jsonl", "--dictionary", example / "en-el.txt", "--out", tmp_path / "run"]
    numbers = ["--steps", 8, "--warmup-steps", 2, "--batch-size", 2, "--seq-len", 128, "--held-out-share", 0.1]
    flags = ["--model", example / "model", "--from-scratch", *made, *numbers]
    assert main(["train", "commit", *map(str, flags)]) == 0
    lines = capsys.readouterr().err.splitlines()
    reports = [line for line in lines if line.startswith("training: ")]
    (first,) = [line for line in reports if " 1 of 8 steps after " in line]  # no time left: all was compiled in it
    assert lines.index("compiling the training step") < lines.index(first)
    assert lines.index(first) < lines.index("compiling the loss of the held-out examples")
    assert re.match(r"training: 2 of 8 steps, \d+ s a step, about \d+ min left, loss ", reports[2])
    assert reports[-1].startswith("training: 8 of 8 steps in ")
    assert ", loss " in reports[-1]
    assert all("\x1b" not in line for line in lines)
