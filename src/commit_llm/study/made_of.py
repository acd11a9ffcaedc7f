"""What a trial is made of, by content: trials of one description have the same results, wherever they ran."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from commit_llm.convert.folder import CONFIG_FILE
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.files.provenance import public_name, sha256
from commit_llm.recipes import BEFORE_IT_EXISTED, RUNNING, Recipe, files_of
from commit_llm.study.study_file import Amount
from commit_llm.study.trials import Trial
from commit_llm.train.model_source import ModelSource
from commit_llm.train.weights_identity import agree_on_weights

# Fields of a recipe that do not decide what is trained, beside those of RUNNING: the model is described by its weights.
BESIDE = {*RUNNING, "model", "model_revision", "checkpoint_every", "keep_checkpoints", "log_every", "eval_every"}
NAMES_OF_FILES = ("data", "data_unmixed", "dictionary", "sentences", "skip_words", "target_text", "tokenizer")

TEMPLATE = "template_sha256"  # of what decides the questions of a chat task
MEANINGS = {"model": "another model", "dtype": "another dtype", "equal": "another amount of training"}

Description = dict[str, Any]


def made_of(
    trial: Trial,
    equal: Amount | None,
    model: Mapping[str, str],
    asked: Mapping[str, Mapping[str, Any]],
    dtype: str = "auto",
) -> Description:
    """Describe a trial: plain values, as JSON has them.

    model: SHA-256 of what the base model is, by name (`model_hashes`).
    asked: by task, what decides its questions.
    dtype: that an untuned model is evaluated in; the recipes of stages have their own.
    """
    return {
        "arm": trial.arm,
        "language": trial.language,
        "seed": trial.seed,
        "model": dict(model),
        "dtype": None if trial.stages else dtype,
        "equal": None if equal is None else equal._asdict(),
        "stages": [_stage(recipe) for recipe in trial.stages],
        "tasks": {name: dict(asked[name]) for name in trial.tasks},
    }


def model_hashes(source: ModelSource) -> dict[str, str]:
    """Hash what decides a base model's numbers and the ids of its texts: weights, configuration, tokenizer."""
    weights = agree_on_weights(source, hashed=True).hashes
    config = sha256(source.folder / CONFIG_FILE)
    return {**weights, CONFIG_FILE: config, "tokenizer": source.tokenizer.fingerprint()}


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
    if recipe.asks_for_amount:
        fields["ratio"] = None  # it is fitted to the amount, wherever it begins
    files = {role: _hash(path) for role, path in files_of(recipe) if path.is_file()}
    if recipe.tokenizer is not None:
        files["tokenizer"] = load_tokenizer(Path(recipe.tokenizer)).fingerprint()
    return {"recipe": fields, "files": files, "sources": _sources(recipe)}


def _sources(recipe: Recipe) -> dict[str, list[Any]]:
    """Describe what a recipe says of its files beside their content, and what it takes from the hub."""
    return {
        "data": [
            [None if Path(name).is_file() else public_name(name), str(weight), form, mixed]
            for name, weight, form, mixed in recipe.sources
        ],
        "dictionary": [weight for _, weight in recipe.dictionary_files],
        "sentences": [weight for _, weight in recipe.sentence_files],
    }


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
    sources = old.get("sources")
    before_of = sources if isinstance(sources, dict) else {}
    changed += [
        f"other weights, forms or hub ids of {role}"
        for role in new["sources"]
        if before_of.get(role) != new["sources"][role]
    ]
    files = old.get("files")
    of_files = files if isinstance(files, dict) else {}
    changed += [
        f"another {role}" for role in {**of_files, **new["files"]} if of_files.get(role) != new["files"].get(role)
    ]
    return changed


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
