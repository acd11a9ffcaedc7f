"""Files and folders of names that are ours, beside what users name: opened and removed, never through a link.

Somebody else may have put a link there, to a file that is not ours to change. A folder that a user has linked to a
larger disk, such as a run's `checkpoints`, is none of these.
"""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from commit_llm.errors import UserError
from commit_llm.files.json_text import read_json_object


def refuse_link(path: Path) -> None:
    """Raise UserError where a link stands in the place of a file or folder of ours."""
    if path.is_symlink():
        raise UserError(
            f"{path}: is a link to {os.readlink(path)}, and nothing is written or removed through it; take the link "
            "away, or choose another --out"
        )


def open_own(path: Path, mode: str, **text: Any) -> IO[Any]:
    """Open a file as `open` does, but for a link, which is refused with UserError. Mode `x` makes it anew.

    text: encoding, newline and errors, for a text.
    """
    refuse_link(path)
    return open(path, mode, opener=_without_links, **text)


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def require_own(folder: Path, names: re.Pattern[str], description: str) -> None:
    """Raise UserError where a folder beside an output is not ours.

    names: of everything that we put into it.
    description: the name of the JSON file that says what the folder is. Without one, nothing of another name may be
        in it.
    """
    refuse_link(folder)
    refuse_link(folder / description)
    try:
        read_json_object(folder / description)
    except (OSError, UserError):
        others = sorted(path.name for path in folder.iterdir() if not names.fullmatch(path.name))
        if others:
            raise UserError(
                f"{folder}: holds something else ({others[0]}); move it away, or choose another --out"
            ) from None


def describe_own(folder: Path, description: str, what: Mapping[str, Any]) -> None:
    """Write what a folder of ours is, whole or not at all; its lock is ours."""
    new = folder / f"{description}.new"
    new.unlink(missing_ok=True)  # of a kill
    with open_own(new, "x", encoding="utf-8") as file:
        file.write(json.dumps(what, indent=2) + "\n")
    os.replace(new, folder / description)


def empty_own(folder: Path, names: re.Pattern[str], but: str) -> None:
    """Remove the files of these names from a folder of ours, but for one; a link in a file's place goes itself."""
    for path in folder.iterdir():
        if names.fullmatch(path.name) and path.name != but and (path.is_symlink() or not path.is_dir()):
            path.unlink()


def remove_own(folder: Path, names: re.Pattern[str], first: str) -> None:
    """Remove a folder of ours, as far as it holds nothing but files of these names.

    first: what makes it one of ours, so that the rest means nothing where removing is cut short.
    """
    with suppress(OSError):  # then something stays there that the next call removes
        (folder / first).unlink(missing_ok=True)
        empty_own(folder, names, but="")
        folder.rmdir()
