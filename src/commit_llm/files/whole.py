"""Files and folders that appear whole or not at all, never in the place of another."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError


@contextmanager
def whole_file(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes the name on success and is removed on failure.

    Raises UserError where the output exists already (unless overwrite), is a folder, or cannot be made.
    """
    refuse_existing_file(path, overwrite)
    temporary = _temporary(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, overwrite: bool = False, marker: str = "") -> Iterator[Path]:
    """Yield an empty folder that takes the name on success, as `whole_file` does for a file.

    An earlier folder is overwritten only where it holds the marker, a file that every output of the command has. It is
    moved aside first, and removed when the new one stands.
    """
    refuse_existing_folder(path, overwrite, marker)
    path = path.resolve()
    make_folder(path.parent)
    holder = Path(tempfile.mkdtemp(prefix=f".{path.name}.partial-", dir=path.parent))
    temporary, aside = holder / "new", holder / "old"
    temporary.mkdir()  # of the usual mode, which mkdtemp's own folder is not
    try:
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
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def refuse_existing_file(path: Path, overwrite: bool = False) -> None:
    """Raise UserError where an output file exists and is not to be overwritten, or is a folder."""
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file with --out")
    if path.exists() and not overwrite:
        raise UserError(f"{path}: exists already; choose another --out, or add --overwrite")


def refuse_existing_folder(path: Path, overwrite: bool = False, marker: str = "", hint: bool = True) -> None:
    """Raise UserError where an output folder cannot be made or replaced. An empty folder is no output.

    hint says that the command has --overwrite.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise UserError(f"{path}: is no folder; choose another --out")
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


def _temporary(path: Path) -> Path:
    make_folder(path.parent)
    return path.parent / f".{path.name}.partial-{os.getpid()}"


def make_folder(path: Path) -> None:
    """Make a folder, unless it exists. Raises UserError where it cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be made a folder ({error.strerror}); choose another --out") from None


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people and programs: indented, UTF-8, a newline at the end."""
    path.write_text(json_text(value), encoding="utf-8")


def json_text(value: Any) -> str:
    """Write JSON for people and programs: indented, a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def whole_lines(path: Path) -> list[str]:
    """Read the lines of a file that grows line by line; one that was cut off by a kill is removed from it.

    Raises UserError where the file is not UTF-8.
    """
    if not path.exists():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    if whole != text:
        path.write_bytes(whole)
    try:
        return whole.decode("utf-8", "surrogatepass").split("\n")[:-1]
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}; take its folder away and begin anew") from None
