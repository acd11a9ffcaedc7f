"""Being asked to stop: by SIGTERM (a scheduler, a preemption) or because the time that was given is over."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import FrameType


class Reason(Enum):
    """Why a run stopped before its last step."""

    SIGTERM = "SIGTERM"
    MINUTES = "--stop-after-minutes"


class Stop:
    """Asked after every step."""

    def __init__(self, minutes: float | None) -> None:
        self.deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self.signalled = False

    def reason(self) -> Reason | None:
        """Why to stop now, if at all."""
        if self.signalled:
            return Reason.SIGTERM
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return Reason.MINUTES
        return None


@contextmanager
def listening(minutes: float | None) -> Iterator[Stop]:
    """Take SIGTERM as a request while inside; only the main thread can, others hear only the clock."""
    stop = Stop(minutes)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def heard(number: int, frame: FrameType | None) -> None:
        stop.signalled = True

    before = signal.signal(signal.SIGTERM, heard)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)
