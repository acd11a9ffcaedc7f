"""Commands that a test starts, waits for, holds and lets go on (see command_server.py)."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import ROOT
from tests.faults.moments import COUNTED, GO_ON, PAUSED, STRUCK, Moment

NEVER = Moment()
SECONDS = 600.0  # in which a command ends, on a machine with other work


class Ended(NamedTuple):
    """Say how a command ended.

    status: its exit status; minus the number of the signal that killed it.
    struck: the operation at which something happened to it; empty where the command did not come so far.
    operations: how many there were, where it ended by itself.
    """

    status: int
    out: str
    errors: str
    struck: str
    operations: int

    @property
    def line(self) -> str:
        """Give the last line of what it says of errors."""
        return (self.errors.strip().splitlines() or [""])[-1]


class Commands:
    """Start commands in processes of their own. folder: for what they report."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        environment = os.environ | {
            "OPENBLAS_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
            "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }  # fmt: skip
        self.server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.command_server"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )  # fmt: skip
        self._answer()

    def close(self) -> None:
        """End the server."""
        self.server.stdin.close()
        self.server.wait(30)
        self.server.stdout.close()

    def _answer(self) -> Any:
        return json.loads(self.server.stdout.readline())

    def _ask(self, **request: Any) -> Any:
        self.server.stdin.write(json.dumps(request) + "\n")
        self.server.stdin.flush()
        return self._answer()

    def start(self, words: Sequence[Any], folder: Path, moment: Moment = NEVER) -> tuple[int, Path]:
        """Start a command. folder: whose operations are counted."""
        self.number += 1
        control = self.folder / str(self.number)
        control.mkdir()
        request = {"words": list(map(str, words)), "folder": str(folder), "moment": moment, "control": str(control)}
        return self._ask(**request), control

    def wait(self, started: tuple[int, Path], seconds: float = SECONDS) -> Ended:
        """Wait for a command."""
        process, control = started
        answer = self._ask(wait=process, seconds=seconds)
        assert answer["status"] is not None, f"it did not end within {seconds:.0f} s\n{answer['errors']}"
        assert not answer["left"], "a process that it started was still there"
        struck = (control / STRUCK).read_text(errors="replace") if (control / STRUCK).exists() else ""
        counted = control / COUNTED
        operations = int(counted.read_text()) if counted.exists() else 0
        shutil.rmtree(control)
        return Ended(answer["status"], answer["out"], answer["errors"], struck, operations)

    def run(self, words: Sequence[Any], folder: Path, moment: Moment = NEVER) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(words, folder, moment))

    def held(self, started: tuple[int, Path], seconds: float = 60.0) -> bool:
        """Say whether a command has come to the moment at which it is held; False where it does not come to it."""
        control = started[1]
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (control / PAUSED).exists() and not (control / COUNTED).exists():
            time.sleep(0.02)
        return (control / PAUSED).exists()

    def let_go(self, started: tuple[int, Path]) -> None:
        """Let a command that is held go on."""
        (started[1] / GO_ON).touch()
