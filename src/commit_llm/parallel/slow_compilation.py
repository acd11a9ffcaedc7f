"""Compilations that take long: said before they begin, and without XLA's alarm that they are slow.

After two minutes XLA writes an error of several lines, "Very slow compile? If you want to file a bug, ...", and once
more at the end (xla/service/slow_operation_alarm.cc). The two minutes are fixed, and no flag of XLA's turns the alarm
off. TF_CPP_MIN_LOG_LEVEL=3 would hide every warning and error with it, and TF_CPP_VMODULE reaches no errors. So for as
long as a compilation takes longer than SOON, standard error goes through a process that leaves out just this message:
alarm_filter.py. A process and not a thread: what a crash writes last gets through too.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commit_llm.parallel.processes import is_first

LOGGER = logging.getLogger("commit_llm")
SOON = 100.0  # seconds of a compilation
STANDARD_ERROR = 2


def say_compiled(what: str) -> None:
    """Say what is about to be compiled."""
    if is_first():
        LOGGER.info("compiling %s", what)


@contextmanager
def compiling(what: str) -> Iterator[None]:
    """Say what is compiled while inside, and keep the alarm from standard error."""
    say_compiled(what)
    with without_alarm():
        yield


@contextmanager
def without_alarm(soon: float = SOON) -> Iterator[None]:
    """Leave XLA's alarm out of standard error from so many seconds on, for as long as it lasts inside."""
    filtered, over = _Filtered(), threading.Event()

    def wait() -> None:
        if not over.wait(soon):
            filtered.begin()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    try:
        yield
    finally:
        over.set()
        waiting.join()
        filtered.end()


class _Filtered:
    """Lead standard error through the filter, and back."""

    def __init__(self) -> None:
        self._filter: subprocess.Popen[bytes] | None = None
        self._plain = -1

    def begin(self) -> None:
        """Start the filter. Where the machine has no room for it, the alarm is shown."""
        try:
            program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("alarm_filter.py"))]
            # A session of its own: Ctrl-C is not for the filter, which ends after all that write to it.
            self._filter = subprocess.Popen(
                program, stdin=subprocess.PIPE, stdout=STANDARD_ERROR, start_new_session=True
            )
        except OSError:
            return
        assert self._filter.stdin is not None
        self._plain = os.dup(STANDARD_ERROR)
        os.dup2(self._filter.stdin.fileno(), STANDARD_ERROR)
        self._filter.stdin.close()

    def end(self) -> None:
        """Take standard error back, and wait until all that was written is through."""
        if self._filter is None:
            return
        os.dup2(self._plain, STANDARD_ERROR)
        os.close(self._plain)
        with suppress(subprocess.TimeoutExpired):  # a process started meanwhile may go on writing through it
            self._filter.wait(1.0)
