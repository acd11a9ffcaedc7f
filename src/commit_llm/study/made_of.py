"""What a trial is made of, by content: trials of one description have the same results, wherever they ran."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from commit_llm.files.provenance import public_name, sha256
from commit_llm.recipes import BEFORE_IT_EXISTED, RUNNING, Recipe, files_of
from commit_llm.study.study_file import Amount
from commit_llm.study.trials import Trial

# Fields of a recipe that do not decide what is trained, beside those of RUNNING: the model is described by its weights.
BESIDE = {*RUNNING, "model", "model_revision", "checkpoint_every", "keep_checkpoints", "log_every", "eval_every"}
NAMES_OF_FILES = ("data", "data_unmixed", "dictionary", "sentences", "skip_words", "target_text", "tokenizer")

TEMPLATE = "template_sha256"  # of what decides the questions of a chat task
MEANINGS = {"model": "another model", "equal": "another amount of training"}

Description = dict[str, Any]


def made_of(
    trial: Trial, equal: Amount | None, weights: Mapping[str, str], asked: Mapping[str, Mapping[str, Any]]
) -> Description:
    """Describe a trial: plain values, as JSON has them.

    weights: SHA-256 of the files of the base model's weights, by name.
    asked: by task, what decides its questions.
    """
    return {
        "arm": trial.arm,
        "language": trial.language,
        "seed": trial.seed,
        "model": dict(weights),
        "equal": None if equal is None else equal._asdict(),
        "stages": [_stage(recipe) for recipe in trial.stages],
        "tasks": {name: dict(asked[name]) for name in trial.tasks},
    }


def differences(before: Description, now: Description) -> list[str]:
    """Say in which points two descriptions of one trial differ, each in a few words."""
    different = [meaning for key, meaning in MEANINGS.items() if before.get(key) != now[key]]
    stages, tasks = before.get("stages"), before.get("tasks")
    if not isinstance(stages, list) or len(stages) != len(now["stages"]):
        different.append("other stages")
    else:
        for number, (old, new) in enumerate(zip(stages, now["stages"], strict=True), 1):
            different += [f"stage {number}: {text}" for text in _changes(old, new)]
    old_tasks = tasks if isinstance(tasks, dict) else {}
    for name, asked in now["tasks"].items():
        if old_tasks.get(name) != asked:
            different.append(f"other questions of {name}{' or another chat template' if TEMPLATE in asked else ''}")
    return different


def _stage(recipe: Recipe) -> Description:
    fields = {name: value for name, value in dataclasses.asdict(recipe.settled()).items() if name not in BESIDE}
    for name in NAMES_OF_FILES:
        value = fields[name]
        fields[name] = [*map(public_name, value)] if isinstance(value, tuple) else value and public_name(value)
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
    files = {role: _hash(path) for role, path in files_of(recipe) if path.is_file()}
    return {"recipe": fields, "files": files}


@cache
def _hash(path: Path) -> str:
    return sha256(path)


def _changes(old: Any, new: Description) -> list[str]:
    if not isinstance(old, dict) or not isinstance(old.get("recipe"), dict):
        return ["is malformed"]
    before = BEFORE_IT_EXISTED | old["recipe"]
    changed = [
        f"{name} {before.get(name)} -> {value}"
        for name, value in new["recipe"].items()
        if name not in NAMES_OF_FILES and _plain(before.get(name)) != value
    ]
    files = old.get("files")
    of_files = files if isinstance(files, dict) else {}
    changed += [
        f"another {role}" for role in {**of_files, **new["files"]} if of_files.get(role) != new["files"].get(role)
    ]
    return changed


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
