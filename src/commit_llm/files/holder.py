"""A folder beside an output for what is half-written: it ends with its process, or the next one removes it.

`.NAME.partial-RANDOM` is made anew under a name that nobody knows before, so that no link can stand in it. A lock tells
that its process lives: the system lets go of it however the process ends, and on any host that shares the disk, where
a process's number would tell nothing.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.files.disk import message

LOCK = ".lock"
NEW, OLD = "new", "old"  # what is half-written; and what it replaces, until it stands


@contextmanager
def holder_of(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside an output, removed at the end; what killed processes left is removed before."""
    clear(path)
    folder, lock = _make(path)
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def remove_folder(path: Path) -> None:
    """Remove a folder at once: a kill leaves it whole, or moved to what `clear` removes."""
    with holder_of(path) as holder:
        os.rename(path, holder / NEW)


def clear(path: Path) -> None:
    """Remove what killed processes left beside an output; one that was moved aside is put back first.

    Where the folder cannot be read, or the output is a link, nothing is known of it.
    """
    if not path.is_symlink():
        _clear(path.parent, re.escape(path.name))


def clear_folder(folder: Path) -> None:
    """Remove what killed processes left beside a folder, and in it beside any output, as `clear` does for one."""
    with suppress(OSError, RuntimeError):  # links in a circle
        clear(folder.resolve())
    _clear(folder, ".+")


def _clear(folder: Path, name: str) -> None:
    """Do so in a folder. name: a pattern for that of the output."""
    pattern = re.compile(rf"\.({name})\.partial-\w{{8}}")
    with suppress(OSError):
        for holder, match in [(each, pattern.fullmatch(each.name)) for each in folder.iterdir()]:
            if match is not None:
                with suppress(OSError):  # another process has just removed it, or it is not ours to remove
                    _remove_abandoned(holder, folder / match[1])


def _remove(folder: Path) -> None:
    """Remove a folder, its lock last: where a kill comes between, the next one knows it as left."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != LOCK:
                path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _make(path: Path) -> tuple[Path, int]:
    """Make a locked folder; give it with its lock. Another process may take one that is not locked yet for left."""
    while True:
        try:
            folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
        except PermissionError as error:
            raise UserError(message(path, os.strerror(error.errno or 0))) from None
        try:
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue
        except OSError:
            os.rmdir(folder)
            raise
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process is just removing it
            os.close(lock)
            continue
        except OSError:
            pass  # a file system without locks: then nothing is removed as left either
        if os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)


def _remove_abandoned(folder: Path, path: Path) -> None:
    """Remove a folder that no process holds. Raises OSError where one does."""
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return
    names = {each.name for each in folder.iterdir()}
    if not names:
        folder.rmdir()
        return
    if LOCK not in names or any(name not in (LOCK, OLD) and not name.startswith(NEW) for name in names):
        return
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if OLD in names and not os.path.lexists(path):
            os.rename(folder / OLD, path)
        _remove(folder)
    finally:
        os.close(lock)
