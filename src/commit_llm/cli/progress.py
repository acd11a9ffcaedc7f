"""Progress of long work: a bar on a terminal, and in a pipe or a file a line a minute."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from commit_llm.cli.lines import say
from commit_llm.cli.pace import Pace, duration
from commit_llm.cli.plain_progress import PlainLines, looking

if TYPE_CHECKING:  # the loop imports jax, which takes seconds
    from commit_llm.train.watch import Logged

clock = time.monotonic  # what minutes are measured by


class Bar(Protocol):
    """Say how far a piece of work has come. note: a few words at the end of the line. unit: what is counted."""

    def __call__(self, name: str, done: int, total: int, note: str = "", unit: str = "") -> None: ...


@contextmanager
def bars(quiet: bool = False) -> Iterator[Bar]:
    """Give a function that shows how far the work of each name is, on standard error; nothing where quiet."""
    console = Console(stderr=True)
    if console.is_terminal:  # also while standard error goes through alarm_filter.py
        console = Console(stderr=True, force_terminal=True)
    if quiet:
        yield lambda name, done, total, note="", unit="": None
    elif console.is_terminal and not console.is_dumb_terminal:
        with _drawn(console) as bar:
            yield bar
    else:
        lines = PlainLines(lambda line: say(line, to_stderr=True), lambda: clock())
        with looking(lines):
            yield lines
        lines.end()


@contextmanager
def _drawn(console: Console) -> Iterator[Bar]:
    """Draw one line for every name."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),  # what the others leave of the terminal's width
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, expand=True) as progress:
        tasks: dict[str, Any] = {}
        paces: dict[str, Pace] = {}

        def bar(name: str, done: int, total: int, note: str = "", unit: str = "") -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total, note=note, left="")
                paces[name] = Pace(lambda: clock())
            elif done < progress.tasks[tasks[name]].completed:  # the next work of this name
                progress.reset(tasks[name], total=total, note=note, left="")
                paces[name] = Pace(lambda: clock())
            paces[name].reached(done)
            left = paces[name].seconds_left(total)
            shown = "" if left is None or done >= total else f"{duration(left)} left"
            fields: dict[str, Any] = {"note": note} if note else {}
            progress.update(tasks[name], completed=done, total=total, left=shown, **fields)

        yield bar


class TrainingBar:
    """Report the finished steps of a training run: the loss, and tokens a second, beside the bar."""

    def __init__(self, bar: Bar, name: str = "training") -> None:
        self.bar, self.name = bar, name
        self.last: tuple[float, int] | None = None

    def __call__(self, step: int, steps: int, logged: "Logged | None") -> None:
        note = ""
        if logged:
            now = clock()
            note = f"loss {logged.loss:.3f}"
            if self.last and now > self.last[0]:  # the first logged step's time is mostly compilation
                note += f", {(logged.tokens - self.last[1]) / (now - self.last[0]):,.0f} tok/s"
            self.last = (now, logged.tokens)
        self.bar(self.name, step, steps, note, "step")


class AnswersBar:
    """Report the questions that are answered."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar

    def __call__(self, task: str, answered: int, total: int) -> None:
        self.bar(task, answered, total, unit="question")
