"""Restore a checkpoint that has no manifest, as `export` and `eval` do, and as training goes on from it."""

import dataclasses
import functools
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.fuzz.valid_files import Files, as_json

SIZES = {"hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


@functools.cache
def _world() -> tempfile.TemporaryDirectory[str]:
    """Give a folder with data and a tiny model, which stays as long as the process."""
    from commit_llm.quickstart.example import write_example

    folder = tempfile.TemporaryDirectory()
    write_example(Path(folder.name), seed=0, training_people=4, test_people=2)
    config = Path(folder.name) / "model" / "config.json"
    config.write_bytes(as_json(json.loads(config.read_text(encoding="utf-8")) | SIZES))
    return folder


def _recipe() -> Any:
    from commit_llm.recipes import find_recipe

    world = Path(_world().name)
    return dataclasses.replace(
        find_recipe("commit"), model=str(world / "model"), data=str(world / "instructions.jsonl"),
        dictionary=(str(world / "en-el.txt"),), from_scratch=True, steps=1, warmup_steps=0, batch_size=2, seq_len=128,
        log_every=1,
    )  # fmt: skip


@functools.cache
def run_files() -> Files:
    """Give the files of a run of one step, with a checkpoint that nothing can be compared with."""
    from commit_llm.cli.lines import pass_over_late_errors
    from commit_llm.train.loop import train
    from tests.fuzz.valid_files import in_folder

    sys.unraisablehook = pass_over_late_errors(sys.unraisablehook)  # as the command does: reads are late as well
    files = in_folder(lambda folder: train(_recipe(), folder / "run"))
    read = ("checkpoints", "model", "config.yaml", "provenance.json")
    inside = {name.removeprefix("run/"): content for name, content in files.items()}
    return {name: content for name, content in inside.items() if name.startswith(read) and "manifest.json" not in name}


def checkpoint_files() -> Files:
    """Give those of the checkpoint alone."""
    return {name: content for name, content in run_files().items() if name.startswith("checkpoints")}


def exported(run: Path) -> None:
    """Read a run as `export` does."""
    from commit_llm.train.lineage import history_of
    from commit_llm.train.model_source import open_model
    from commit_llm.train.weights import load_params

    source = open_model(str(run))
    load_params(source)
    history_of(source)


def resumed(run: Path) -> None:
    """Read a checkpoint as training goes on from it, up to the next batch."""
    from commit_llm.train.checkpoint import Checkpoints, restore_newest
    from commit_llm.train.upcoming import go_on_from

    training, batches = _training()
    with Checkpoints(run, keep=1) as checkpoints:
        restored = restore_newest(checkpoints, training.abstract_state())
        assert restored is not None
        go_on_from(batches, restored.position, run, restored.step)
        next(batches)
        assert type(restored.tokens) is int


@functools.cache
def _training() -> tuple[Any, Any]:
    from commit_llm.train.prepare import prepare
    from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model

    recipe = _recipe()
    source = open_recipe_model(recipe)
    return prepare(recipe, source.config), open_recipe_batches(recipe, source).batches
