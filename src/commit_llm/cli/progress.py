"""Progress on the terminal: how far, how fast, how long it will take. Quiet where output is no terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:  # the loop imports jax, which takes seconds
    from commit_llm.train.watch import Logged


class Bar(Protocol):
    """Say how far a piece of work has come. note: a few words at the end of the line."""

    def __call__(self, name: str, done: int, total: int, note: str = "") -> None: ...


@contextmanager
def bars(quiet: bool = False) -> Iterator[Bar]:
    """Give a function that draws one line for every name it is called with, on standard error; none where quiet."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def bar(name: str, done: int, total: int, note: str = "") -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total, note=note)
            progress.update(tasks[name], completed=done, total=total)
            if note:
                progress.update(tasks[name], note=note)

        yield bar


class TrainingBar:
    """Report the steps of a training run: loss and tokens a second beside the bar."""

    def __init__(self, bar: Bar, name: str = "training") -> None:
        self.bar, self.name, self.clock = bar, name, time.perf_counter
        self.last: tuple[float, int] | None = None

    def __call__(self, step: int, steps: int, logged: "Logged | None") -> None:
        note = ""
        if logged:
            now = self.clock()
            note = f"loss {logged.loss:.3f}"
            if self.last:  # the first logged step's time is mostly compilation
                note += f"  {(logged.tokens - self.last[1]) / (now - self.last[0]):,.0f} tok/s"
            self.last = (now, logged.tokens)
        self.bar(self.name, step, steps, note)
