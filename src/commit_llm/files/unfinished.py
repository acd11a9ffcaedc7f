"""The parts of a file under way. They are kept beside it as they are finished, so that work that was killed goes on."""

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.checked_lines import add_lines, read_lines
from commit_llm.files.checksum import checksum
from commit_llm.files.holder import LOCK
from commit_llm.files.json_text import read_json_object
from commit_llm.files.lock import locked
from commit_llm.files.own import describe_own, empty_own, open_own, refuse_link, remove_own, require_own
from commit_llm.files.whole import make_folder, refuse_existing_file

WHAT, DONE, JOINED = "what.json", "done.jsonl", "joined"
# An empty file, made just before what is joined takes the output's name: with it and no `joined`, the output stands.
WRITTEN = "written"
LOGGER = logging.getLogger("commit_llm")
# Of a part: its number, and that of the process that writes it.
HALF_WRITTEN = re.compile(rf"\d{{6,}}\.\d+|{JOINED}|{WRITTEN}")
OWN = re.compile(rf"\.lock|what\.json(\.new)?|done\.jsonl|\d{{6,}}|{HALF_WRITTEN.pattern}")


class FinishedPart(NamedTuple):
    """Describe a finished part.

    number: of the part, from 0.
    rows: its records.
    counts: what was counted in it.
    size: bytes of its file.
    checksum: of its file.
    note: what else is to be said of it, for whoever finishes the work.
    """

    number: int
    rows: int
    counts: Sequence[int]
    size: int
    checksum: str
    note: str = ""


class Parts:
    """Keep the folder of a file under way, and its finished parts by number: those that are as they were written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: dict[int, FinishedPart] = {}
        for row in read_lines(folder / DONE, "its part is made again"):
            if not _is_part(row):
                continue  # of an earlier version: the part is made anew
            part = FinishedPart(**row)
            path = self.path(part.number)
            refuse_link(path)
            if path.is_file() and path.stat().st_size == part.size and checksum(path) == part.checksum:
                self.done[part.number] = part
            else:
                LOGGER.warning("%s: is missing or has changed since it was written; this part is made again", path)

    def path(self, number: int) -> Path:
        """Name the file of a part."""
        return self.folder / f"{number:06}"

    def keep(self, number: int, written: Path, rows: int, counts: Sequence[int], note: str = "") -> None:
        """Take over the file that a part was written to: the part is then finished."""
        part = FinishedPart(number, rows, list(counts), written.stat().st_size, checksum(written), note)
        os.replace(written, self.path(number))
        add_lines(self.folder / DONE, [part._asdict()])
        self.done[number] = part

    def finish(self, out: Path) -> None:
        """Let what is joined take the output's name, and remove the folder."""
        open_own(self.folder / WRITTEN, "w").close()
        os.replace(self.folder / JOINED, out)
        self.remove()

    def remove(self) -> None:
        """Remove the folder, but for what others put there. Without its description it means nothing."""
        remove_own(self.folder, OWN, first=WHAT)


def _is_part(row: Mapping[str, Any]) -> bool:
    """Say whether a row has what describes a part, and nothing else."""
    numbers = [row.get(name) for name in ("number", "rows", "size")]
    counts = row.get("counts")
    return (
        row.keys() <= {*FinishedPart._fields}
        and isinstance(counts, list)
        and all(type(number) is int and number >= 0 for number in (*numbers, *counts))
        and all(isinstance(row.get(name, ""), str) for name in ("checksum", "note"))
        and "checksum" in row
    )


def folder_of(out: Path) -> Path:
    """Name the folder of an output's parts, which is there as long as the output is not finished."""
    return out.parent / f".{out.name}.unfinished"


def refuse_existing_output(out: Path, overwrite: bool) -> None:
    """Raise UserError as `refuse_existing_file` does. What a kill left of the output's own parts is removed first.

    Parts of work that is to replace the output stay.
    """
    folder = folder_of(out)
    if not overwrite and out.is_file() and folder.is_dir() and not folder.is_symlink():
        with suppress(UserError, OSError):  # it is not ours, or another process is at work there
            require_own(folder, OWN, WHAT)
            with locked(folder, f"writing {out.name}"):
                has_become_out = (folder / WRITTEN).is_file() and not (folder / JOINED).exists()
                if has_become_out or not (folder / WHAT).is_file():
                    remove_own(folder, OWN, first=WHAT)
    refuse_existing_file(out, overwrite)


@contextmanager
def unfinished(out: Path, what: Mapping[str, Any], overwrite: bool) -> Iterator[Parts]:
    """Give the parts of the output that `what` describes: none yet, or those of work that is taken up again.

    `what` maps the name of each thing that decides on the output (a flag, the input's hash) to its value. Raises
    UserError, naming what differs, where the folder has parts of another output (unless overwrite), where another
    process works in it or has written the output meanwhile (unless overwrite), and where the folder is not ours.
    """
    folder = folder_of(out)
    refuse_link(folder)
    make_folder(folder)
    what = json.loads(json.dumps(what))
    require_own(folder, OWN, WHAT)
    with locked(folder, f"writing {out.name}"):
        if not overwrite and not (folder / WHAT).is_file() and out.exists():  # written since it was looked for
            remove_own(folder, OWN, first=WHAT)
        refuse_existing_file(out, overwrite)
        differences = _differences(folder / WHAT, what)
        if differences and not overwrite:
            raise UserError(
                f"{out}: unfinished, and begun with {', '.join(differences)}; resume with the same, choose another "
                f"--out, or start again with --overwrite"
            )
        if differences == []:
            parts = Parts(folder)  # a link in it is refused before anything is removed
            (folder / WRITTEN).unlink(missing_ok=True)  # first: what is joined goes next
            empty_own(folder, HALF_WRITTEN, but=LOCK)
        else:
            if differences is None and (folder / DONE).is_file():
                LOGGER.warning("%s: nothing says what its parts are of; all are made again", folder)
            empty_own(folder, OWN, but=LOCK)
            describe_own(folder, WHAT, what)
            parts = Parts(folder)
        try:
            yield parts
        finally:
            if not parts.done:
                parts.remove()


def _differences(path: Path, what: Mapping[str, Any]) -> list[str] | None:
    """Say what was otherwise when the work began; None where none has begun."""
    try:
        begun = read_json_object(path)
    except (FileNotFoundError, UserError):
        return None
    names = dict.fromkeys([*what, *begun])
    return [
        f"{name} {_short(begun.get(name))} (now {_short(what.get(name))})"
        for name in names
        if begun.get(name) != what.get(name)
    ]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:12] + "..."
