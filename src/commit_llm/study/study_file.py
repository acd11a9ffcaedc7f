"""The YAML file of a study: what it holds, read and checked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from commit_llm.errors import UserError, shown
from commit_llm.files.yaml_text import parse_yaml

Unit = Literal["examples", "tokens", "supervised_tokens"]
LIKE = "like"  # the key that names another file, whose keys hold where this one has none
MERGED = ("arms", "fields")  # keys that are joined with those of that file, name by name
RECIPE = "recipe"
ALL_LANGUAGES = "all_languages"  # of a stage: it gets the dictionaries of all languages of the study
# Fields that a study sets itself, and where they are given.
SET_BY_STUDY = {"model": "model", "seed": "seeds"}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
LARGEST = 10**15


class Amount(NamedTuple):
    """Hold how much the last stage of every arm is trained on."""

    unit: Unit
    number: int


# The fields of a stage that differ from its recipe, with the name of that under `recipe`.
StageFields = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """Hold what a study file says.

    In its texts `LANG` stands for a language. In the fields of a stage `TEXT` and `SENTENCES` stand for what the study
    has under these keys.

    model: folder, hub id or run.
    languages: codes.
    data: what instruction recipes train on. text: what recipes of plain text train on.
    dictionary: from English into the language. dictionary_back: into English.
    sentences: pairs of sentences, for the stages that name them.
    data_dir: folder of the questions. None reads them from the hub.
    tasks: names.
    limit: the first so many questions of each task. None: all.
    per_context: the first so many questions of each context, by task; "" stands for the tasks not named. None: all.
    equal: what is held equal between arms. None: each trains as many steps as its recipe says.
    seeds: by arm, in the order of the file.
    fields: of every stage.
    arms: stages by name, none for the untuned model.
    baseline: an arm.
    """

    model: str
    languages: tuple[str, ...]
    tasks: tuple[str, ...]
    arms: Mapping[str, tuple[StageFields, ...]]
    seeds: Mapping[str, tuple[int, ...]]
    baseline: str
    data: str | None = None
    text: str | None = None
    dictionary: str | None = None
    dictionary_back: str | None = None
    sentences: str | None = None
    data_dir: str | None = None
    limit: int | None = None
    per_context: Mapping[str, int] | None = None
    equal: Amount | None = None
    fields: Mapping[str, Any] | None = None


FILES = ("data", "text", "dictionary", "dictionary_back", "sentences", "data_dir")  # keys that name them
KEYS = (*Study.__dataclass_fields__, LIKE)


def read_study(path: Path, given: Mapping[str, Any] | None = None) -> Study:
    """Read a study file.

    given: keys that replace those of the file.

    Raises UserError, naming the file and the key, for a key that is none, a value that cannot be, or one that is
    missing.
    """
    values = _values(path, ()) | {key: value for key, value in (given or {}).items() if value is not None}

    def wrong(key: str, why: str) -> UserError:
        return UserError(f"{path}: {key}: {why}")

    for key in ("model", "languages", "tasks", "arms"):
        if values.get(key) in (None, [], {}):
            raise wrong(key, "is missing")
    for key in ("model", *FILES):
        if not isinstance(values.get(key, ""), str | None):
            raise wrong(key, f"is {shown(values[key])}, and no text")
    languages = _texts(values["languages"])
    if not languages or not all(map(LANGUAGE.fullmatch, languages)) or len(set(_lowered(languages))) < len(languages):
        raise wrong("languages", f"is {shown(values['languages'])}; list codes such as el, each once")
    tasks = _texts(values["tasks"])
    if not tasks:
        raise wrong("tasks", f"is {shown(values['tasks'])}; list names of tasks")
    fields = {} if values.get("fields") is None else values["fields"]
    if not isinstance(fields, dict):
        raise wrong("fields", "is not a mapping of recipe fields")
    for name, key in SET_BY_STUDY.items():
        if name in fields:
            raise wrong("fields", f"sets {name}; see the key {key}")
    arms = _arms(values["arms"], wrong)
    equal = _equal(values.get("equal"), wrong)
    for name, stages in arms.items():
        counting = {"steps", "epochs", *(["max_train_samples"] if equal and equal.unit == "examples" else [])}
        if equal and stages and (counted := counting & {*stages[-1], *fields}):
            raise wrong("equal", f"arm {name} has {sorted(counted)[0]} in its last stage too; leave out one of them")
    baseline = values.get("baseline", next(iter(arms)))
    if baseline not in arms:
        raise wrong("baseline", f"is {shown(baseline)}; the arms are {', '.join(arms)}")
    return Study(
        values["model"],
        languages,
        tuple(dict.fromkeys(tasks)),
        arms,
        _seeds(values.get("seeds", [0]), arms, wrong),
        baseline,
        **{key: values.get(key) for key in FILES},
        limit=_limit(values.get("limit"), wrong),
        per_context=_per_context(values.get("per_context"), wrong),
        equal=equal,
        fields=fields,
    )


def _values(path: Path, before: tuple[Path, ...]) -> dict[str, Any]:
    """Read the keys of a file, with those of the file that it is like."""
    if path.resolve() in before:
        raise UserError(f"{path}: is like itself, by way of {before[-1].name}; take out one {LIKE}")
    try:
        values = parse_yaml(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path}: no such study file") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8; save it as UTF-8") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: holds no mapping; a study has {', '.join(KEYS)}")
    for key in values:
        if key not in KEYS:
            raise UserError(f"{path}: {shown(key)}: no such key; a study has {', '.join(KEYS)}")
    if LIKE not in values:
        return values
    if not isinstance(values[LIKE], str):
        raise UserError(f"{path}: {LIKE}: is {shown(values[LIKE])}, and no name of a file")
    other = _values(path.parent / values[LIKE], (*before, path.resolve()))
    merged = {
        key: other[key] | values[key]
        for key in MERGED
        if isinstance(other.get(key), dict) and isinstance(values.get(key), dict)
    }
    return other | {key: value for key, value in values.items() if key != LIKE} | merged


def _lowered(names: Iterable[str]) -> list[str]:
    """Give names in lower case: two that are one then would share a folder where a system ignores case."""
    return [name.lower() for name in names]


def _texts(value: Any) -> tuple[str, ...]:
    """Give a text, or a list of texts, as a tuple; an empty one for anything else."""
    items = value if isinstance(value, list | tuple) else [value]
    return tuple(items) if all(isinstance(item, str) for item in items) else ()


def _arms(value: Any, wrong: Any) -> dict[str, tuple[StageFields, ...]]:
    if not isinstance(value, dict):
        raise wrong("arms", "is not a mapping from names to stages")
    arms = {}
    for name, stages in value.items():
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise wrong("arms", f"{shown(name)} is not a name: letters, digits and _.+- only, at most 40")
        listed = stages if isinstance(stages, list) else [stages]
        arms[name] = tuple(_stage(name, stage, wrong) for stage in listed)
    lower = _lowered(arms)
    for name in arms:
        if lower.count(name.lower()) > 1:
            raise wrong("arms", f"{name}: two arms have this name, letters' case aside; rename one")
    return arms


def _stage(arm: str, stage: Any, wrong: Any) -> StageFields:
    if isinstance(stage, str):
        stage = {RECIPE: stage}
    if not isinstance(stage, dict) or not isinstance(stage.get(RECIPE), str):
        raise wrong(f"arms: {arm}", f"a stage is the name of a recipe, or a mapping with `{RECIPE}` and its fields")
    for name, key in SET_BY_STUDY.items():
        if name in stage:
            raise wrong(f"arms: {arm}", f"sets {name}, which is the same for all arms; see the key {key}")
    return stage


def _equal(value: Any, wrong: Any) -> Amount | None:
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) != 1 or (unit := next(iter(value))) not in get_args(Unit):
        raise wrong("equal", f"is {shown(value)}; give one of {', '.join(get_args(Unit))} with a number")
    if not _is_count(value[unit]):
        raise wrong("equal", f"{unit} is {shown(value[unit])}; give a whole number above 0")
    return Amount(unit, value[unit])


def _seeds(value: Any, arms: Mapping[str, Any], wrong: Any) -> dict[str, tuple[int, ...]]:
    """Give the seeds of each arm. An untuned model has one: nothing is drawn."""
    by_arm = value if isinstance(value, dict) else dict.fromkeys(arms, value)
    for name in by_arm:
        if name not in arms:
            raise wrong("seeds", f"{shown(name)} is not an arm; they are {', '.join(arms)}")
    seeds = {}
    for name in (arm for arm in arms if arm in by_arm):
        listed = by_arm[name] if isinstance(by_arm[name], list) else [by_arm[name]]
        whole = all(type(seed) is int and 0 <= seed < 2**32 for seed in listed)
        if not listed or not whole or len(set(listed)) < len(listed):
            raise wrong("seeds", f"{name} has {shown(by_arm[name])}; list whole numbers, each once")
        seeds[name] = tuple(listed) if arms[name] else tuple(listed[:1])
    if not seeds:
        raise wrong("seeds", "no arm has one")
    return seeds


def _limit(value: Any, wrong: Any) -> int | None:
    if value is not None and not _is_count(value):
        raise wrong("limit", f"is {shown(value)}; give a whole number above 0")
    return value


def _per_context(value: Any, wrong: Any) -> dict[str, int] | None:
    by_task = value if isinstance(value, dict) or value is None else {"": value}
    if by_task is not None and not all(isinstance(name, str) and _is_count(by_task[name]) for name in by_task):
        raise wrong("per_context", f"is {shown(value)}; give a whole number above 0, or one for each task")
    return by_task


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value < LARGEST
