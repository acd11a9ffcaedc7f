"""Standard error while something is compiled: without XLA's alarm, and with everything else."""

import logging
import os
import subprocess
import sys
import time

import pytest

from commit_llm.parallel.slow_compilation import compiling, without_alarm
from tests.parallel.test_alarm_filter import FIRST, OTHERS, SECOND


def test_it_is_said_before(caplog):
    with caplog.at_level(logging.INFO, "commit_llm"), compiling("the training step"):
        assert caplog.messages == ["compiling the training step"]


def test_a_quick_compilation_leaves_standard_error_alone(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)
    before = os.fstat(2)
    with without_alarm():
        assert os.fstat(2) == before


def test_without_room_for_a_process_the_alarm_is_shown(monkeypatch, capfd):
    def refuse(*command, **options):
        raise OSError

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with without_alarm(0):
        time.sleep(0.05)
        os.write(2, FIRST.encode())
    assert capfd.readouterr().err == FIRST


@pytest.mark.slow
def test_a_slow_compilation(capfd):
    before = os.fstat(2).st_ino
    with without_alarm(0):
        while os.fstat(2).st_ino == before:
            time.sleep(0.01)
        for written in (OTHERS[0], FIRST, OTHERS[1], "one\n", SECOND):
            os.write(2, written.encode())
    assert os.fstat(2).st_ino == before
    assert capfd.readouterr().err == OTHERS[0] + OTHERS[1] + "one\n"


CRASH = """
import os, time
from commit_llm.parallel.slow_compilation import without_alarm
before = os.fstat(2).st_ino
with without_alarm(0):
    while os.fstat(2).st_ino == before:
        time.sleep(0.01)
    os.write(2, b"F1129 fatal\\n")
    os.abort()
"""


@pytest.mark.slow
def test_what_a_crash_says_last_gets_through():
    crashed = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, timeout=60)
    assert crashed.returncode < 0
    assert crashed.stderr == "F1129 fatal\n"
