"""The journal of an evaluation: it keeps each reply as it comes, so that a killed evaluation can go on."""

import json
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.candidates import Likelihoods
from commit_llm.files.checked_lines import add_lines, read_lines
from commit_llm.files.disk import writing
from commit_llm.files.holder import LOCK
from commit_llm.files.json_text import read_json_object
from commit_llm.files.lock import locked
from commit_llm.files.own import describe_own, empty_own, refuse_link, remove_own, require_own
from commit_llm.files.whole import make_folder, refuse_existing_folder
from commit_llm.parallel.processes import entered_by_first, from_first, is_first, require_same

UNFINISHED = "unfinished"
WHAT, ANSWERS, RESPONSES = "what.json", "answers.jsonl", "responses.jsonl"
OWN = re.compile(r"\.lock|what\.json(\.new)?|(answers|responses|predictions|contexts|samples)\.jsonl|results\.json")
ASKED_AGAIN = "what it answered is asked again"

LOGGER = logging.getLogger("commit_llm")


class Journal:
    """Hold the replies of an unfinished evaluation, and the folder that keeps them.

    replies: an `Answer`, or the `Likelihoods` of candidates, by task and by place.
    """

    def __init__(self, out: Path, rows: list[dict[str, Any]] | None = None) -> None:
        self.out = out
        self.folder = out / UNFINISHED
        self.replies: dict[str, dict[int, Any]] = defaultdict(dict)
        for row in read_lines(self.folder / ANSWERS, ASKED_AGAIN) if rows is None else rows:
            if not isinstance(row.get("task"), str) or type(row.get("place")) is not int:
                continue  # of no reply that this version keeps: asked again
            kind = Likelihoods if "log_likelihoods" in row else Answer
            if all(name in row for name in kind._fields):
                self.replies[row["task"]][row["place"]] = kind(*(row[name] for name in kind._fields))

    def keep(self, task: str, replies: Mapping[int, Any]) -> None:
        """Add a batch of replies. Process 0 writes them to the file."""
        self.replies[task].update(replies)
        if not is_first():
            return
        rows = ({"task": task, "place": place, **reply._asdict()} for place, reply in replies.items())
        add_lines(self.folder / ANSWERS, rows)

    def finish(self, names: list[str], outdated: tuple[str, ...] = ()) -> None:
        """Move the files of these names out of the journal's folder to their place.

        The last name marks a finished evaluation. So an earlier file of that name is removed first, and the new one
        is moved last.

        outdated: files that an earlier evaluation may have left and that this one does not write. They are removed.
        """
        for name in (names[-1], *outdated):
            (self.out / name).unlink(missing_ok=True)
        for name in names:
            os.replace(self.folder / name, self.out / name)
        remove_own(self.folder, OWN, first=WHAT)


@contextmanager
def journal(out: Path, what: Mapping[str, Any], overwrite: bool, marker: str, hint: bool = True) -> Iterator[Journal]:
    """Open the journal of an evaluation: a new one, or that of the same evaluation, which was killed.

    Raises UserError where `out` holds a finished evaluation or another unfinished one, unless overwrite is set; where
    it holds something else; or where another process is evaluating into it. A damaged line is passed over.

    what: describes the evaluation. One that differs in any of its entries is another evaluation.
    marker: the file that a finished evaluation has.
    hint: whether the message may offer --overwrite.
    """
    what = json.loads(json.dumps(what))
    require_same("evaluation", what, "start every process with the same command, on the same files")
    with entered_by_first("journal", _opened(out, what, overwrite, marker, hint)):
        # Read by process 0, before anything is written: the others need not share its disk.
        rows = read_lines(out / UNFINISHED / ANSWERS, ASKED_AGAIN) if is_first() else []
        with writing(out):
            yield Journal(out, from_first("answers", rows))


@contextmanager
def _opened(out: Path, what: Mapping[str, Any], overwrite: bool, marker: str, hint: bool) -> Iterator[None]:
    """Lock the folder of the evaluation, and empty it of another evaluation's answers."""
    refuse_finished(out, overwrite, marker)
    folder = out / UNFINISHED
    refuse_link(folder)
    make_folder(folder)
    require_own(folder, OWN, WHAT)
    with locked(folder, "evaluating"):
        if (folder / WHAT).is_file():
            before = _read(folder / WHAT)
            different = _different(before, what)
            if different and not overwrite:
                missing = [name for name in different if name not in before]
                how = (
                    f"of an earlier version, which did not write down its {', '.join(missing)}"
                    if before and missing
                    else f"with another {', '.join(different)}"
                )
                raise UserError(
                    f"{out}: holds an unfinished evaluation {how}; choose another --out"
                    + (", or add --overwrite" if hint else "")
                )
        else:
            if (folder / ANSWERS).is_file():
                LOGGER.warning("%s: nothing says what its answers are of; all questions are asked again", folder)
            different = ["everything"]
        if different:
            empty_own(folder, OWN, but=LOCK)
            describe_own(folder, WHAT, what)
        yield


def refuse_finished(out: Path, overwrite: bool, marker: str) -> None:
    """Raise UserError where an evaluation into the folder can neither begin nor go on."""
    is_finished(out, marker)
    contents = [path.name for path in out.iterdir()] if out.is_dir() and not out.is_symlink() else []
    if contents != [UNFINISHED] and not (out / UNFINISHED / WHAT).is_file():
        refuse_existing_folder(out, overwrite, marker)


def is_finished(out: Path, marker: str) -> bool:
    """Tell whether a folder has a finished evaluation and none under way; remove what a kill left of its journal."""
    folder = out / UNFINISHED
    if not (out / marker).is_file() or (folder / WHAT).is_file():
        return False
    if folder.is_dir() and not folder.is_symlink():
        with suppress(UserError):  # it is not ours, or another process has just begun there
            require_own(folder, OWN, WHAT)
            with locked(folder, "evaluating"):
                remove_own(folder, OWN, first=WHAT)
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json_object(path)
    except UserError:
        return {}


def _different(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [name for name in now if before.get(name) != now[name]]
