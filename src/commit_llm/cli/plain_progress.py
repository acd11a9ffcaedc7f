"""Progress where output is no terminal but a pipe or a file: one plain line a minute.

training: 120 of 203 steps, 9.2 s a step, about 13 min left, loss 1.234
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from commit_llm.cli.pace import Pace, duration, each

MINUTE = 60.0
LOOK = 1.0  # seconds between two looks at the clock


@dataclass
class _Work:
    """Hold how far one piece of work has come. told_done: how far it was when a line of it was printed last."""

    name: str
    began: float
    pace: Pace
    done: int = 0
    total: int = 0
    note: str = ""
    unit: str = ""
    told_done: int | None = None

    def line(self, now: float) -> str:
        """Say how far the work is, and how long the rest takes."""
        reached = f"{self.name}: {self.done:,} of {self.total:,}{f' {self.unit}s' if self.unit else ''}"
        left = self.pace.seconds_left(self.total)
        if self.is_over:
            parts = [f"{reached} in {duration(now - self.began)}"]
        elif left is None:
            parts = [f"{reached} after {duration(now - self.began)}"]
        else:
            parts = [reached, each(self.pace.seconds_each, self.unit), f"about {duration(left)} left"]
        return ", ".join(part for part in (*parts, self.note) if part)

    @property
    def is_over(self) -> bool:
        """Say whether all is done."""
        return self.done >= self.total


class PlainLines:
    """Print a line at least once a minute while work goes on, and one at the end of work that took over a minute."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self.say, self.clock = say, clock
        self._work: _Work | None = None
        self._told = clock()
        self._lock = threading.Lock()  # the work reports in one thread, and another looks at the clock

    def __call__(self, name: str, done: int, total: int, note: str = "", unit: str = "") -> None:
        with self._lock:
            work = self._work
            if work is None or work.name != name or done < work.done:
                self._end()
                work = self._work = _Work(name, self.clock(), Pace(self.clock))
            work.done, work.total, work.note, work.unit = done, total, note or work.note, unit
            work.pace.reached(done)
            if work.is_over:
                self._end()
            else:
                self._look()

    def look(self) -> None:
        """Print a line where the last one is a minute old."""
        with self._lock:
            self._look()

    def end(self) -> None:
        """Print the last line of work that took over a minute."""
        with self._lock:
            self._end()
            self._work = None

    def _look(self) -> None:
        work = self._work
        if work is not None and not work.is_over and self.clock() - self._told >= MINUTE:
            self._tell(work)

    def _end(self) -> None:
        work = self._work
        if work is not None and work.told_done != work.done and self.clock() - work.began >= MINUTE:
            self._tell(work)

    def _tell(self, work: _Work) -> None:
        self._told, work.told_done = self.clock(), work.done
        self.say(work.line(self._told))


@contextmanager
def looking(lines: PlainLines) -> Iterator[None]:
    """Look at the clock while inside, for the minutes in which the work reports nothing."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK):
            lines.look()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
