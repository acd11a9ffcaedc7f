"""A moment of a command, counted in what it does to files: there the command is killed, stopped, held or cut short.

Python tells every file that it opens, makes, moves or removes (`sys.addaudithook`), before it does so. A moment is the
number of such an operation within a folder, so that it comes again, which a moment of the clock does not. Libraries in
other languages, such as what writes a checkpoint's arrays, tell nothing; a limit on the size of files reaches them too.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# Event -> the places of its arguments that are (path, descriptor of the folder that the path begins at).
CHANGES = {
    "os.mkdir": (0, 2), "os.rmdir": (0, 1), "os.remove": (0, 1), "os.rename": (0, 2), "os.link": (1, 3),
    "os.symlink": (1, 2), "os.truncate": (0, None),
}  # fmt: skip
STRUCK, PAUSED, GO_ON, COUNTED = "struck", "paused", "go on", "counted"


class Moment(NamedTuple):
    """Say when something happens to a command, and what.

    at: the number of an operation, from 1; 0 for never.
    act: kill, SIGTERM, SIGINT, pause; limit, which refuses to make a file longer than `size` from then on; cut, which
        kills where one would become so.
    size: in bytes.
    """

    at: int = 0
    act: str = ""
    size: int = 0


class Watch:
    """Count the operations in a folder, and act at one of them. control: a folder for what is to be known outside."""

    def __init__(self, folder: Path, moment: Moment, control: Path) -> None:
        self.folder, self.moment, self.control = f"{folder}{os.sep}", moment, control
        self.operations = 0
        self.counting = threading.Lock()

    def begin(self) -> None:
        """Watch this process from now on."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if self.moment.act == "cut":
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it, and takes an error
        sys.addaudithook(self._hear)

    def end(self) -> None:
        """Write how many operations there were."""
        (self.control / COUNTED).write_text(json.dumps(self.operations))

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        path = _changed(event, arguments)
        if path is None or not f"{path}{os.sep}".startswith(self.folder):
            return
        with self.counting:
            self.operations += 1
            now = self.operations
        if now == self.moment.at:
            self._act(f"{event} {path.removeprefix(self.folder)}")

    def _act(self, where: str) -> None:
        (self.control / STRUCK).write_text(where, errors="surrogateescape")
        act = self.moment.act
        if act == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif act in ("SIGTERM", "SIGINT"):
            os.kill(os.getpid(), signal.Signals[act])
        elif act in ("limit", "cut"):
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.moment.size, hard))
        elif act == "pause":
            (self.control / PAUSED).touch()
            while not (self.control / GO_ON).exists():
                time.sleep(0.01)


def _changed(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Give the path that an operation changes; None where it changes nothing, or no path tells what."""
    if event == "open":
        path, _, flags = arguments
        return _absolute(path, None) if isinstance(flags, int) and flags & WRITES else None
    if event not in CHANGES:
        return None
    of_path, of_folder = CHANGES[event]
    return _absolute(arguments[of_path], None if of_folder is None else arguments[of_folder])


def _absolute(path: Any, folder: int | None) -> str | None:
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    text = os.fsdecode(path)
    if folder is not None and folder >= 0 and not os.path.isabs(text):
        text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
    return os.path.abspath(text)
