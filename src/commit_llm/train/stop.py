"""Requests to stop: by Ctrl-C, by SIGTERM (a scheduler, a preemption), or because the time is over."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import FrameType


class Reason(Enum):
    """Say why a run stopped before its last step."""

    INTERRUPT = "Ctrl-C"
    SIGTERM = "SIGTERM"
    MINUTES = "--stop-after-minutes"


class Stop:
    """Answer after every step whether to stop."""

    def __init__(self, minutes: float | None) -> None:
        self.deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self.signalled: Reason | None = None

    def reason(self) -> Reason | None:
        """Give the reason to stop now, if there is one."""
        if self.signalled is not None:
            return self.signalled
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return Reason.MINUTES
        return None


@contextmanager
def listening(minutes: float | None) -> Iterator[Stop]:
    """Take SIGTERM and Ctrl-C as requests while inside; a second Ctrl-C interrupts at once.

    minutes: after which to stop too.

    Only the main thread receives signals; in another one only the clock counts.
    """
    stop = Stop(minutes)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def take_note(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and stop.signalled is not None:
            raise KeyboardInterrupt
        stop.signalled = Reason.SIGTERM if number == signal.SIGTERM else Reason.INTERRUPT

    before = {number: signal.signal(number, take_note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: it was set outside Python, as jax.distributed does
                signal.signal(number, handler)
