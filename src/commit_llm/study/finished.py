"""Results of a trial without texts: an evaluation directory of ids and scores, with what the trial was made of."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.checksum import checksum
from commit_llm.files.json_text import read_json_object
from commit_llm.files.records import read_records
from commit_llm.files.whole import whole_folder, write_json
from commit_llm.runs.evaluation import PREDICTIONS, RESULTS, write_lines
from commit_llm.study.made_of import Description, differences
from commit_llm.study.study_folder import FINISHED

TRIAL = "trial.json"  # what the trial was made of, and how it was made
MADE_OF, MADE, SUMS = "made_of", "made", "checksums"
AWAY = "take the folder away, and the trial is done again"
NAMES = ("id", "task", "context_id")  # what a row keeps beside its figures


def write_finished(evaluation: Path, out: Path, made_of: Description, made: Mapping[str, Any]) -> None:
    """Write the results of an evaluation directory without its texts, whole or not at all.

    made: how, for a reader: hours, machine, version.
    """
    rows = [
        {name: value for name, value in row.items() if name in NAMES or isinstance(value, int | float)}
        for row in read_records(evaluation / PREDICTIONS)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as folder:
        shutil.copyfile(evaluation / RESULTS, folder / RESULTS)
        write_lines(folder / PREDICTIONS, rows)
        sums = {name: checksum(folder / name) for name in (RESULTS, PREDICTIONS)}
        write_json(folder / TRIAL, {MADE_OF: made_of, MADE: dict(made), SUMS: sums})


def read_made(folder: Path) -> dict[str, Any]:
    """Read how the results in a folder were made."""
    made = read_json_object(folder / TRIAL).get(MADE)
    return made if isinstance(made, dict) else {}


def is_finished(folder: Path, now: Description) -> bool:
    """Tell whether a folder has the results of a trial. Raises UserError where they are damaged or of another one."""
    try:
        trial = read_json_object(folder / TRIAL)
    except (FileNotFoundError, NotADirectoryError):
        if any((folder / name).exists() for name in (RESULTS, PREDICTIONS)):
            raise UserError(f"{folder}: has no {TRIAL}; {AWAY}") from None
        return False
    except UserError as error:
        raise UserError(f"{error}; {AWAY}") from None
    before = trial.get(MADE_OF)
    different = differences(before, now) if isinstance(before, dict) else ["something else"]
    if different:
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        raise UserError(
            f"{folder / TRIAL}: these results are of {different[0]}{more}; take the folder away, or study the same"
        )
    sums = trial.get(SUMS)
    if not isinstance(sums, dict):
        raise UserError(f"{folder / TRIAL}: has no {SUMS}, which say what the results were; {AWAY}")
    for name in (RESULTS, PREDICTIONS):
        if not (folder / name).is_file():
            raise UserError(f"{folder}: has no {name}; hand in the whole folder, or {AWAY}")
        if checksum(folder / name) != sums.get(name):
            raise UserError(f"{folder / name}: is not as it was written; {AWAY}")
    return True


def require_results(folder: Path, trials: Iterable[Path]) -> None:
    """Raise UserError where a folder that is handed in is not there, or has something else than results of trials.

    trials: the folders of those of the study. An empty folder may still become one of results.
    """
    if not folder.is_dir():
        raise UserError(f"--finished {folder}: no such folder; give the folder {FINISHED} of a study")
    if any(folder.iterdir()) and not any((folder / trial).is_dir() for trial in trials):
        raise UserError(f"--finished {folder}: has no trial of this study; give the folder {FINISHED} of a study")


def take_in(handed_in: Path, out: Path, now: Description) -> bool:
    """Copy results that were handed in, and tell whether there are any for this trial; raise as `is_finished` does."""
    if not is_finished(handed_in, now):
        return False
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_folder(out) as folder:
        for name in (RESULTS, PREDICTIONS, TRIAL):
            shutil.copyfile(handed_in / name, folder / name)
    return True
