"""The parts of a file under way. They are kept beside it as they are finished, so that work that was killed goes on."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.json_text import parse_json, read_json_object
from commit_llm.files.lock import FILE as LOCK
from commit_llm.files.lock import locked
from commit_llm.files.whole import make_folder, whole_file, whole_lines

WHAT, DONE = "what.json", "done.jsonl"


class FinishedPart(NamedTuple):
    """Describe a finished part.

    number: of the part, from 0.
    rows: its records.
    counts: what was counted in it.
    size: bytes of its file.
    """

    number: int
    rows: int
    counts: Sequence[int]
    size: int


class Parts:
    """Keep the folder of a file under way, and its finished parts by number."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.done: dict[int, FinishedPart] = {}
        for number, line in enumerate(whole_lines(folder / DONE), 1):
            try:
                part = FinishedPart(**parse_json(line, folder / DONE, number))
            except (UserError, TypeError):
                continue  # no line of ours: the part is made anew
            path = self.path(part.number)
            if path.is_file() and path.stat().st_size == part.size:
                self.done[part.number] = part

    def path(self, number: int) -> Path:
        """Name the file of a part."""
        return self.folder / f"{number:06}"

    def keep(self, number: int, written: Path, rows: int, counts: Sequence[int]) -> None:
        """Take over the file that a part was written to: the part is then finished."""
        part = FinishedPart(number, rows, list(counts), written.stat().st_size)
        os.replace(written, self.path(number))
        with (self.folder / DONE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(part._asdict()) + "\n")
        self.done[number] = part

    def remove(self) -> None:
        """Remove the folder. Without its description it means nothing, if removing is cut short."""
        (self.folder / WHAT).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def folder_of(out: Path) -> Path:
    """Name the folder of an output's parts, which is there as long as the output is not finished."""
    return out.parent / f".{out.name}.unfinished"


@contextmanager
def unfinished(out: Path, what: Mapping[str, Any], overwrite: bool) -> Iterator[Parts]:
    """Give the parts of the output that `what` describes: none yet, or those of work that is taken up again.

    `what` maps the name of each thing that decides on the output (a flag, the input's hash) to its value. Raises
    UserError, naming what differs, where the folder has parts of another output (unless overwrite), and where another
    process works in it.
    """
    folder = folder_of(out)
    make_folder(folder)
    what = json.loads(json.dumps(what))
    with locked(folder, f"writing {out.name}"):
        differences = _differences(folder / WHAT, what)
        if differences and not overwrite:
            raise UserError(
                f"{out}: unfinished, and begun with {', '.join(differences)}; go on with the same, choose another "
                f"--out, or begin anew with --overwrite"
            )
        for path in folder.iterdir():
            if path.name != LOCK and (differences != [] or _half_written(path)):
                path.unlink()
        if differences != []:
            with whole_file(folder / WHAT, overwrite=True) as new:
                new.write_text(json.dumps(what, indent=2) + "\n", encoding="utf-8")
        parts = Parts(folder)
        try:
            yield parts
        finally:
            if not parts.done:
                parts.remove()


def _half_written(path: Path) -> bool:
    return path.name not in (WHAT, DONE) and not path.name.isdigit()


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
