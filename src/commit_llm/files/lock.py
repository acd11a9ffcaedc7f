"""A lock on a folder, so that one process at a time works in it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.files.holder import LOCK, clear_folder
from commit_llm.files.own import open_own


@contextmanager
def locked(folder: Path, doing: str) -> Iterator[None]:
    """Hold the folder; the system lets go of it when the process ends, however it ends.

    What killed processes left beside the folder and in it is removed: whoever works there goes on with what stands.

    Raises UserError, naming the holder and what it is doing, where another process holds it or has just removed it, and
    where the lock is a link: the file that it leads to would be emptied.
    """
    with open_own(folder / LOCK, "a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise UserError(f"{folder}: {holder} is {doing} here; wait for it, or choose another --out") from None
        except OSError as error:
            raise UserError(
                f"{folder}: its file system cannot lock files ({error.strerror}); choose another --out"
            ) from None
        if os.fstat(file.fileno()).st_nlink == 0:
            raise UserError(f"{folder}: another process has just finished {doing} here; give the command again")
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        clear_folder(folder)
        yield
