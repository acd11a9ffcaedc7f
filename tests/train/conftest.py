"""A small recipe on the small example, and a run of it."""

import dataclasses
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from commit_llm.recipes import find_recipe
from commit_llm.train.loop import train


@pytest.fixture(scope="session")
def small_recipe(example):
    """Eight quick steps; a checkpoint every three."""

    def make(name="commit", **changes):
        values = {
            "model": str(example / "model"),
            "data": str(example / "instructions.jsonl"),
            "dictionary": (str(example / "en-el.txt"),),
            "from_scratch": True,
            "steps": 8,
            "warmup_steps": 2,
            "learning_rate": 1e-3,
            "batch_size": 2,
            "seq_len": 128,
            "embd_pdrop": 0.05,  # so that randomness is part of what must be the same
            "resid_pdrop": 0.05,
            "fcm_max_ratio": 0.1,
            "checkpoint_every": 3,
            "log_every": 2,
        }
        return dataclasses.replace(find_recipe(name), **values | changes)

    return make


@pytest.fixture(scope="session")
def undisturbed(small_recipe, tmp_path_factory):
    """The directory of the small recipe's run; nothing may change in it."""
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    assert train(small_recipe(), run)[:2] == (0, 8)
    return run


NOW, BEFORE = "0123456789" * 4, "abcdef0123" * 4  # commits


class HubModel(NamedTuple):
    """A model in the hub's cache on this machine, and the file that names the commit of its main branch."""

    name: str
    main: Path


@pytest.fixture
def hub_model(example, tmp_path, monkeypatch):
    """A model of two commits, laid out as huggingface_hub lays it out. There is no network."""
    cache = tmp_path / "hub" / "models--someone--small"
    for commit in (NOW, BEFORE):
        shutil.copytree(example / "model", cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(NOW)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)
    return HubModel("someone/small", cache / "refs" / "main")
