"""Writing a file or a folder so that it appears whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commit_llm.errors import UserError


@contextmanager
def whole_file(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the name on success and is removed on failure.

    Raises UserError where the output exists already (unless overwrite) or its folder cannot be made.
    """
    refuse_existing(path, overwrite)
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """As `whole_file`, for a folder: yield an empty folder that takes the name on success."""
    refuse_existing(path, overwrite)
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_existing(path: Path, overwrite: bool = False) -> None:
    """Raise UserError where an output exists and is not to be overwritten. An empty folder is no output."""
    if path.exists() and not overwrite and not (path.is_dir() and not any(path.iterdir())):
        raise UserError(f"{path}: exists already; choose another --out, or add --overwrite")


def _temporary(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, PermissionError) as error:
        raise UserError(f"{path.parent}: cannot be made a folder ({error.strerror}); choose another --out") from None
    return path.parent / f".{path.name}.partial-{os.getpid()}"
