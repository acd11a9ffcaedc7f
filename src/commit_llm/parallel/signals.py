"""Signals that end a command: at once, also while a library holds the main thread and Python's own handlers wait."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

GRACE_SECONDS = 0.5  # in which the main thread may begin to end by itself
CLEANING_SECONDS = 1.0  # in which it may then remove what is half-written, where it is to end at once
FAREWELL_SECONDS = 2.0  # in which other processes may be told
ENDED_BY = {signal.SIGTERM: "ended by SIGTERM", signal.SIGINT: "interrupted"}
Handler = Callable[[int, FrameType | None], Any]

_farewells: list[Callable[[str], None]] = []
_ended_by: list[int] = []  # the signals that an exception was raised for


class TerminatedError(SystemExit):
    """End the process on SIGTERM, with a status that says so: an exception, so that what is half-written is removed."""

    def __init__(self) -> None:
        super().__init__(status_of(signal.SIGTERM))


def status_of(number: int) -> int:
    """Give the exit status of a process that a signal ended, as shells count it.

    >>> status_of(signal.SIGTERM), status_of(signal.SIGINT)
    (143, 130)
    """
    return 128 + number


@contextmanager
def farewell(say: Callable[[str], None]) -> Iterator[None]:
    """Call a function with the reason, where a signal ends this process while inside and nothing else can run."""
    _farewells.append(say)
    try:
        yield
    finally:
        _farewells.remove(say)


@contextmanager
def handling(handlers: Mapping[signal.Signals, Handler], wakeup: int = -1) -> Iterator[None]:
    """Set handlers of signals while inside, and the descriptor that the number of each signal is written to."""
    descriptor = signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # None: it was set outside Python, as jax.distributed does
                signal.signal(number, handler)
        signal.set_wakeup_fd(descriptor)


@contextmanager
def ended_by_signals(*, at_once: bool = False, ignored_too: bool = False) -> Iterator[None]:
    """End this process on SIGTERM and Ctrl-C while inside, with status 143 and 130.

    In the main thread TerminatedError and KeyboardInterrupt are raised. Where they cannot be, because the compiler or
    another library has the main thread for longer, a thread ends the process: what it was writing is then left as it
    is, as after a kill.

    at_once: end it too where what the exception cleans up takes long.
    ignored_too: take Ctrl-C also where the process was started with it ignored, as shells start what is in the
        background.

    Only the main thread receives signals; from another one this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handled, left = threading.Event(), threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        handled.set()
        end_by(number)

    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and not ignored_too:
        numbers.remove(signal.SIGINT)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, handled, left if at_once else None), daemon=True).start()
    try:
        with handling(dict.fromkeys(numbers, end), writer):
            yield
    finally:
        left.set()
        os.close(writer)  # the thread reads its end


@contextmanager
def first_interrupt_noted() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets while inside; the next one ends this process, as SIGTERM does at once.

    Inside `ended_by_signals`, whose handlers come back behind it. Only the main thread receives signals; where Ctrl-C
    is ignored, it stays so.
    """
    noted, handled = threading.Event(), threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and not noted.is_set():
            noted.set()
            return
        handled.set()
        end_by(number)

    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        numbers.remove(signal.SIGINT)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    threading.Thread(target=_watch, args=(reader, handled, None, 1), daemon=True).start()
    try:
        with handling(dict.fromkeys(numbers, note), writer):
            yield noted
    finally:
        os.close(writer)


def end_by(number: int) -> NoReturn:
    """Raise the exception that ends this process as a signal asks for."""
    _ended_by.append(number)
    raise TerminatedError if number == signal.SIGTERM else KeyboardInterrupt


def end_where_signalled() -> None:
    """End this process where a signal ended its work: without waiting for what threads of libraries still do.

    They wait for one another, and fall over what Python has taken down already.
    """
    if _ended_by:
        with suppress(OSError):  # whoever read our output may be gone
            sys.stdout.flush()
        os._exit(status_of(_ended_by[0]))


def _watch(reader: int, handled: threading.Event, left: threading.Event | None, noted: int = 0) -> None:
    """End the process on a signal that the main thread does not take up in time. noted: interrupts that end nothing."""
    with open(reader, "rb", buffering=0) as numbers:
        while number := numbers.read(1):
            if number[0] not in ENDED_BY:
                continue
            if number[0] == signal.SIGINT and noted:
                noted -= 1
                continue
            if not handled.wait(GRACE_SECONDS) or (left is not None and not left.wait(CLEANING_SECONDS)):
                _end(number[0])
            handled.clear()


def _end(number: int) -> None:
    reason = ENDED_BY[signal.Signals(number)]
    with suppress(OSError):
        os.write(2, f"commit-llm: {reason}\n".encode())
    for say in list(_farewells):
        speaker = threading.Thread(target=_say, args=(say, reason), daemon=True)
        speaker.start()
        speaker.join(FAREWELL_SECONDS)
    os._exit(status_of(number))


def _say(say: Callable[[str], None], reason: str) -> None:
    with suppress(Exception):  # whoever would hear it may be what has failed
        say(reason)
