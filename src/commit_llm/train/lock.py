"""One process a run directory."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commit_llm.errors import UserError

FILE = ".lock"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold the run directory; the system lets go of it when the process ends, however it ends.

    Raises UserError, naming the holder, where another process holds it.
    """
    with (run / FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise UserError(f"{run}: {holder} is training here; wait for it, or choose another --out") from None
        except OSError as error:
            raise UserError(
                f"{run}: its file system cannot lock files ({error.strerror}); choose another --out"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
