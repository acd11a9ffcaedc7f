"""The files of a run directory, but for its checkpoints."""

import dataclasses
import json
import platform
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from commit_llm import __version__
from commit_llm.convert.folder import copy_tokenizer, write_json
from commit_llm.errors import UserError
from commit_llm.files.provenance import describe
from commit_llm.files.whole import refuse_existing_folder, sha256, whole_file, whole_folder
from commit_llm.model.config import ModelConfig, read_config
from commit_llm.recipes import RUNNING, Recipe, differences, dump_recipe, files_of, load_recipe
from commit_llm.runs.history import BEFORE, History

CONFIG = "config.yaml"
MODEL = "model"  # a model folder without weights: config.json and the tokenizer
PROVENANCE = "provenance.json"
METRICS = "metrics.jsonl"
TIMING = "timing.jsonl"
HELD_OUT = "held_out.jsonl"
TENSORBOARD = "tensorboard"
LIBRARIES = ("jax", "jaxlib", "optax", "orbax-checkpoint", "grain", "numpy", "tokenizers", "sentencepiece")


def is_run(path: Path) -> bool:
    """Whether a folder is a run directory of ours."""
    return (path / CONFIG).is_file() and (path / PROVENANCE).is_file()


def require_usable(run: Path, recipe: Recipe) -> bool:
    """Whether a folder is free for a new run; else it holds one of this recipe, as far as can be told before its data.

    Raises UserError where it holds something else.
    """
    if not is_run(run):
        refuse_existing_folder(run, hint=False)
        return True
    if recipe.epochs is None and not recipe.asks_for_amount:
        require_same_recipe(run, recipe)
    return False


def require_same_recipe(run: Path, recipe: Recipe) -> None:
    """Raise UserError where the run was made with another recipe, naming the fields that differ.

    A run may go on on other devices and with less memory (`RUNNING`); its config.yaml says how it began.
    """
    begun = load_recipe(run / CONFIG)
    now = {name: getattr(recipe, name) for name in RUNNING}
    different = differences(dataclasses.replace(begun, **now), recipe)
    if different:
        raise UserError(f"{run}: holds a run of another recipe ({'; '.join(different)}); choose another --out")


def create_run(
    run: Path, recipe: Recipe, config: ModelConfig, tokenizer: Path, weights_dtype: str, history: History
) -> None:
    """Write what a run is made of, whole or not at all.

    history holds the stages before this run, and the documents of this one too.
    """
    provenance = {
        "id": uuid.uuid4().hex[:12],
        "commit_llm": __version__,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "model": recipe.model,
        "weights_dtype": weights_dtype,
        "files": {role: describe(path, sha256(path)) for role, path in _files(recipe, tokenizer)},
        **history.to_json(BEFORE),
    }
    with whole_folder(run) as folder:
        (folder / MODEL).mkdir()
        write_json(folder / MODEL / "config.json", config.to_hf(weights_dtype))
        copy_tokenizer(tokenizer, folder / MODEL)
        write_json(folder / PROVENANCE, provenance)
        (folder / CONFIG).write_text(dump_recipe(recipe), encoding="utf-8")


def require_same_sources(run: Path, recipe: Recipe, config: ModelConfig, tokenizer: Path) -> None:
    """Raise UserError where model configuration, data, dictionary or tokenizer have changed since the run began."""
    if read_config(run / MODEL) != config:
        raise UserError(
            f"{run}: the configuration of {recipe.model} has changed since the run began; choose another --out"
        )
    known = read_provenance(run)["files"]
    for role, path in _files(recipe, tokenizer):
        if role in known and sha256(path) != known[role]["sha256"]:
            raise UserError(
                f"{run}: its {role} {path} has changed since the run began; restore it, or choose another --out"
            )


def file_hashes(recipe: Recipe, tokenizer: Path) -> dict[str, str]:
    """The SHA-256 of each file that a run reads, by what it is."""
    return {role: sha256(path) for role, path in _files(recipe, tokenizer)}


def _files(recipe: Recipe, tokenizer: Path) -> Iterator[tuple[str, Path]]:
    for role, path in [*files_of(recipe), ("tokenizer", tokenizer)]:
        if path.is_file():
            yield role, path


def read_provenance(run: Path) -> dict[str, Any]:
    """What `create_run` wrote of a run's origin, or `export` of a model's."""
    path = run / PROVENANCE
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{run}: holds something else (no {PROVENANCE}); choose another --out") from None
    except ValueError as error:
        raise UserError(f"{path}: malformed JSON ({error})") from None


def cut_back(path: Path, step: int) -> None:
    """Drop the lines of a metrics file that come after a step: they will be written again."""
    if path.is_file():
        kept = [line for line in _whole_lines(path) if json.loads(line)["step"] <= step]
        with whole_file(path, overwrite=True) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


def read_metrics(run: Path) -> list[dict[str, Any]]:
    """The logged steps of a run."""
    path = run / METRICS
    return [json.loads(line) for line in _whole_lines(path)] if path.is_file() else []


def _whole_lines(path: Path) -> list[str]:
    """The lines of a JSONL file, but for a last one that a kill cut short."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return [line for line in lines[:-1] if line.startswith("{") and line.endswith("}")]
