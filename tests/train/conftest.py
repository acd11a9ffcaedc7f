"""A small recipe on the small example, and a run of it."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from commit_llm.files.records import read_records
from commit_llm.recipes import find_recipe
from commit_llm.train.export import export
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


def model_with_heads(model, folder, heads, kv_heads):
    """A model's folder with other heads; its vocabulary has some words to spare, so that much divides it."""
    shutil.copytree(model, folder)
    config = json.loads((folder / "config.json").read_text())
    sizes = {"hidden_size": 72, "intermediate_size": 144, "num_attention_heads": heads, "num_key_value_heads": kv_heads}
    sizes |= {"head_dim": 8, "vocab_size": -(-config["vocab_size"] // 48) * 48}
    (folder / "config.json").write_text(json.dumps(config | sizes))
    return folder


@pytest.fixture(scope="session")
def undisturbed(small_recipe, tmp_path_factory):
    """The directory of the small recipe's run; nothing may change in it."""
    run = tmp_path_factory.mktemp("undisturbed") / "run"
    assert train(small_recipe(), run)[:2] == (0, 8)
    return run


@pytest.fixture(scope="session")
def base(undisturbed, tmp_path_factory):
    """A model folder, in bf16."""
    folder = tmp_path_factory.mktemp("base") / "model"
    export(undisturbed, folder)
    return folder


@pytest.fixture(scope="session")
def lora_recipe(small_recipe, base):
    """Adapters on six kernels; with all noise, parts of a batch, and held-out examples."""

    def make(name="commit", **changes):
        values = {
            "model": str(base), "from_scratch": False, "lora_r": 4, "learning_rate": None,
            "lora_target_modules": ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj"),
            "gradient_accumulation": 2, "held_out_share": 0.05, "eval_every": 4,
        }  # fmt: skip
        return small_recipe(name, **values | changes)

    return make


@pytest.fixture(scope="session")
def adapted(lora_recipe, tmp_path_factory):
    """A run of adapters; nothing may change in it."""
    run = tmp_path_factory.mktemp("adapted") / "run"
    assert train(lora_recipe(), run)[:2] == (0, 8)
    return run


@pytest.fixture(scope="session")
def several_sources(small_recipe, example, tmp_path_factory):
    """The small recipe with three sources, sentences and a ratio that moves.

    Instructions, their contexts, and unmixed texts; of the contexts half of the sentences have a translation.
    """
    contexts = tmp_path_factory.mktemp("sources") / "contexts.jsonl"
    records = read_records(example / "instructions.jsonl")
    lines = [json.dumps({"text": record["input"]}) for record in records[:100]]
    contexts.write_text("\n".join(lines), encoding="utf-8")
    pairs = contexts.with_name("en-el.tsv")
    told = list(dict.fromkeys(record["input"] for record in records[:100:2]))
    pairs.write_text(
        "".join(f"{text}\t{'είναι ' * number}έτσι.\n" for number, text in enumerate(told)), encoding="utf-8"
    )
    data = (f"{example / 'instructions.jsonl'}=2", f"{contexts}=1")
    unmixed = (f"{example / 'texts.jsonl'}=0.5",)

    def make(**changes):
        values = {"data": data, "data_unmixed": unmixed, "ratio": ("0.1@0", "0.9@0.05"), "sentences": (str(pairs),)}
        return small_recipe(**values | changes)

    return make


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
