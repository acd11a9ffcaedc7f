"""The folder of a study: the names in it, and the study that it is of."""

import dataclasses
from pathlib import Path

from commit_llm.errors import UserError, reason_of, shown
from commit_llm.files.own import open_own
from commit_llm.files.whole import whole_file
from commit_llm.files.yaml_text import parse_yaml
from commit_llm.study.study_file import Study

STUDY = "study.yaml"  # what the study asks for
ARMS = "arms"  # runs and evaluations of the trials
FINISHED = "finished"  # results of the trials without texts
COMPARED = "compared"  # comparisons, by language
TABLE, HOURS = "study.md", "hours.md"
FREE = ("baseline",)  # what only the comparison looks at
GROWING = ("arms", "seeds", "languages")  # what a study may have more of when it goes on


def begin(out: Path, study: Study) -> None:
    """Write what a folder's study asks for. Raises UserError where the folder holds another study.

    More arms, seeds and languages than before are no other study.
    """
    path = out / STUDY
    now = as_plain(study)
    others = sorted(item.name for item in out.iterdir() if item.name != ".lock")
    if path.is_file():
        try:
            before = parse_yaml(path.read_text(encoding="utf-8"), str(path))
        except (UserError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: malformed ({reason_of(error)}); choose another --out") from None
        if not isinstance(before, dict):
            raise UserError(f"{path}: malformed; choose another --out")
        for key, value in now.items():
            if key not in FREE and not _goes_on(key, before.get(key), value):
                raise UserError(
                    f"{out}: holds another study: {key} is {shown(before.get(key))} there, and {shown(value)} now; "
                    "choose another --out"
                )
    elif others:
        raise UserError(f"{out}: holds something else ({others[0]}); choose another --out")
    import yaml

    with whole_file(path, overwrite=True) as new, open_own(new, "w", encoding="utf-8") as file:
        yaml.safe_dump(now, file, sort_keys=False, allow_unicode=True)


def as_plain(study: Study) -> dict[str, object]:
    """Give a study as plain values of YAML."""
    values = dataclasses.asdict(study)
    values["equal"] = None if study.equal is None else {study.equal.unit: study.equal.number}
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _goes_on(key: str, before: object, now: object) -> bool:
    """Tell whether a study goes on with a value. What grows may have more, and none of the others' values."""
    if key not in GROWING or type(before) is not type(now):
        return before == now
    if isinstance(before, dict) and isinstance(now, dict):
        return all(name not in now or _goes_on(key, before[name], now[name]) for name in before)
    return isinstance(before, list) and isinstance(now, list) and (key != "arms" or before == now)
