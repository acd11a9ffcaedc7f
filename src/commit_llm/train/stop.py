"""Requests to stop: by Ctrl-C, by SIGTERM (a scheduler, a preemption), or because the time is over."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from enum import Enum
from types import FrameType

from commit_llm.parallel.signals import end_by, ended_by_signals, handling


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
        self._listening = ExitStack()

    def reason(self) -> Reason | None:
        """Give the reason to stop now, if there is one."""
        if self.signalled is not None:
            return self.signalled
        if self.deadline is not None and time.monotonic() >= self.deadline:
            return Reason.MINUTES
        return None

    def take_requests(self) -> None:
        """Take SIGTERM and Ctrl-C as requests from now on: there is a step to save. Call it after the first one."""
        if threading.current_thread() is threading.main_thread():
            requests = dict.fromkeys((signal.SIGTERM, signal.SIGINT), self._take_note)
            self._listening.enter_context(handling(requests))

    def _take_note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.signalled is not None:
            end_by(number)
        self.signalled = Reason.SIGTERM if number == signal.SIGTERM else Reason.INTERRUPT

    def close(self) -> None:
        """Set the handlers of signals that were there before."""
        self._listening.close()


@contextmanager
def listening(minutes: float | None) -> Iterator[Stop]:
    """End on SIGTERM and Ctrl-C, until they are taken as requests; a second Ctrl-C then interrupts at once.

    minutes: after which to stop too.

    Only the main thread receives signals; in another one only the clock counts.
    """
    with ended_by_signals(at_once=True, ignored_too=True), closing(Stop(minutes)) as stop:
        yield stop
