"""Signals end a process at once, also while a library has the main thread."""

import signal
import subprocess
import sys
import time

import pytest

from commit_llm.parallel.signals import GRACE_SECONDS, ended_by_signals, first_interrupt_noted

# A C function that takes a minute with the GIL released, as the compiler does: Python's handlers do not run.
IN_A_LIBRARY = "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**8)"
IN_PYTHON = "time.sleep(60)"
PROGRAM = """
import hashlib, signal, sys, time
from commit_llm.parallel.signals import ended_by_signals, farewell
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in the background
with ended_by_signals(), farewell(lambda reason: print("told:", reason, flush=True)):
    try:
        print("begun", flush=True)
        {work}
    finally:
        print("cleaned", flush=True)
"""


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        pytest.param(signal.SIGINT, 130, "interrupted", marks=pytest.mark.slow),
    ],
)
def test_a_signal_while_a_library_has_the_main_thread(number, status, message):
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(work=IN_A_LIBRARY)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"begun\n"
    time.sleep(0.05)
    sent = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < GRACE_SECONDS + 20.0
    assert process.returncode == status
    assert out.decode() == f"told: {message}\n"  # the others are told; nothing is cleaned
    assert err.decode() == f"commit-llm: {message}\n"


def test_a_signal_in_python_ends_by_an_exception_that_cleans_up():
    process = subprocess.Popen([sys.executable, "-c", PROGRAM.format(work=IN_PYTHON)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == b"cleaned\n"
    assert process.returncode == 143


def test_what_was_there_before_is_there_again():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with ended_by_signals():
        assert signal.getsignal(signal.SIGTERM) is not before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    assert descriptor == -1


def test_ctrl_c_that_a_shell_ignores_is_taken_where_it_is_asked_for():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ended_by_signals():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        with pytest.raises(KeyboardInterrupt), ended_by_signals(ignored_too=True):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_is_noted_and_the_next_one_ends():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ended_by_signals():
            outer = signal.getsignal(signal.SIGINT)
            with first_interrupt_noted() as noted:
                assert not noted.is_set()
                signal.raise_signal(signal.SIGINT)
                assert noted.is_set()
            assert signal.getsignal(signal.SIGINT) is outer
            with first_interrupt_noted() as noted:
                assert not noted.is_set()
                signal.raise_signal(signal.SIGINT)
                with pytest.raises(KeyboardInterrupt):
                    signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


NOTED = PROGRAM.replace("ended_by_signals, farewell", "ended_by_signals, farewell, first_interrupt_noted").replace(
    "        {work}", "        with first_interrupt_noted() as noted:\n            {work}"
)


@pytest.mark.slow
def test_the_first_ctrl_c_does_not_end_what_a_library_does_and_the_next_one_does():
    command = [sys.executable, "-c", NOTED.format(work=IN_A_LIBRARY)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(4 * GRACE_SECONDS)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.decode()) == (130, "told: interrupted\n")
    assert err.decode() == "commit-llm: interrupted\n"


@pytest.mark.slow
def test_sigterm_ends_where_the_first_ctrl_c_would_not():
    command = [sys.executable, "-c", NOTED.format(work=IN_A_LIBRARY)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"begun\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=60)[0] == b"told: ended by SIGTERM\n"
    assert process.returncode == 143
