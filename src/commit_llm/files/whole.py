"""Files and folders that appear whole or not at all, never in the place of another."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.disk import disk_reason, writing
from commit_llm.files.holder import NEW, OLD, clear, holder_of
from commit_llm.files.own import refuse_link


@contextmanager
def whole_file(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """Yield a path of no file yet beside `path`; what is written there takes the name on success, else it is removed.

    Raises UserError where the output exists already (unless overwrite), is a folder or a link, or cannot be made.
    """
    refuse_existing_file(path, overwrite)
    make_folder(path.parent)
    with writing(path), holder_of(path) as holder:
        yield holder / NEW
        refuse_existing_file(path, overwrite)  # something may have come there meanwhile
        os.replace(holder / NEW, path)


@contextmanager
def whole_folder(path: Path, overwrite: bool = False, marker: str = "") -> Iterator[Path]:
    """Yield an empty folder that takes the name on success, as `whole_file` does for a file.

    An earlier folder is overwritten only where it holds the marker, a file that every output of the command has. It is
    moved aside first, and removed when the new one stands; where a kill comes between, the next call puts it back.
    """
    refuse_existing_folder(path, overwrite, marker)
    asked, path = path, path.resolve()
    make_folder(path.parent)
    with writing(asked), holder_of(path) as holder:
        temporary, aside = holder / NEW, holder / OLD
        temporary.mkdir()  # of the usual mode, which the holder is not
        yield temporary
        refuse_existing_folder(path, overwrite, marker)  # something may have come there meanwhile
        if overwrite and path.is_dir():
            os.rename(path, aside)
        try:
            os.rename(temporary, path)  # fails where the folder is not empty
        except OSError as error:
            if aside.is_dir():
                os.rename(aside, path)
            raise UserError(f"{path}: cannot be put in place ({error.strerror}); choose another --out") from None
        if aside.is_dir():
            os.rename(aside, temporary)  # half of it, as a kill leaves it, must not be put back


def refuse_existing_file(path: Path, overwrite: bool = False, flag: str = "--out") -> None:
    """Raise UserError where an output file exists and is not to be overwritten, or is a folder or a link.

    flag is the one that names the file. What a kill left beside it is removed first.
    """
    clear(path)
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file with {flag}")
    if os.path.lexists(path) and not overwrite:
        raise UserError(f"{path}: exists already; choose another {flag}, or add --overwrite")
    refuse_link(path)


def refuse_existing_folder(path: Path, overwrite: bool = False, marker: str = "", hint: bool = True) -> None:
    """Raise UserError where an output folder cannot be made or replaced. An empty folder is no output.

    hint says that the command has --overwrite. What a kill left beside it is removed first, or put back.
    """
    clear(path)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise UserError(f"{path}: is not a folder; choose another --out")
    if path.resolve() == Path.cwd() or path.resolve() in Path.cwd().parents:
        raise UserError(f"{path}: is the folder you are in, or holds it; choose another --out")
    if not path.exists() or not any(path.iterdir()):
        return
    if not overwrite:
        raise UserError(f"{path}: exists already; choose another --out" + (", or add --overwrite" if hint else ""))
    if not (path / marker).is_file():
        raise UserError(
            f"{path}: holds something else (no {marker}), which --overwrite does not replace; choose another --out"
        )


def require_utf8_name(path: Path | str) -> None:
    """Raise UserError where a name is not UTF-8: it could stand in no file that we write, nor be given to Orbax."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"{path}: a name that is not UTF-8; rename the file or folder") from None


def make_folder(path: Path) -> None:
    """Make a folder, unless it exists. Raises UserError where it cannot be made."""
    with writing(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if disk_reason(error):
                raise
            raise UserError(f"{path}: cannot be made a folder ({error.strerror}); choose another --out") from None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and programs: indented, UTF-8, a newline at the end."""
    path.write_text(json_text(value), encoding="utf-8")


def json_text(value: Any) -> str:
    """Write JSON for people and programs: indented, a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
