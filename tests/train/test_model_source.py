"""Opening a model: a head of its own in the weights of a model whose configuration ties it."""

import dataclasses
import json
import logging
import shutil

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.errors import UserError
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.train.export import export
from commit_llm.train.loop import train
from commit_llm.train.model_source import find_model, open_model
from commit_llm.train.weights import load_params
from tests.convert.test_folder import IDS
from tests.train.conftest import BEFORE, NOW

HEAD = "lm_head.weight"


@pytest.fixture
def tied(example, tmp_path):
    """A folder with a tied model, and what changes its head: a function of the embedding."""
    folder = tmp_path / "tied"
    shutil.copytree(example / "model", folder)
    config = dataclasses.replace(read_config(folder), tie_word_embeddings=True)
    params = jax.tree.map(np.asarray, init_parameters(config, jax.random.key(0)))
    write_model(folder, params, config, "float32", new_config(config, "float32", IDS))

    def with_head(change):
        tensors = load_file(folder / "model.safetensors")
        tensors[HEAD] = np.ascontiguousarray(change(tensors["model.embed_tokens.weight"]))
        save_file(tensors, folder / "model.safetensors")
        return folder

    return with_head


def test_a_head_of_its_own_is_used_and_told(tied, caplog):
    caplog.set_level(logging.WARNING)
    folder = tied(lambda embedding: embedding[::-1])
    source = open_model(str(folder))
    assert not source.config.tie_word_embeddings
    params, _ = load_params(source)
    np.testing.assert_array_equal(params["head"], np.asarray(params["embedding"])[::-1].T)
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if f"hold another, {HEAD}: it is used, and the model becomes untied" in line]
    assert find_model(str(folder), weights=False)[2].tie_word_embeddings


def test_an_equal_head_stays_tied_and_says_nothing(tied, caplog):
    caplog.set_level(logging.WARNING)
    source = open_model(str(tied(lambda embedding: embedding)))
    assert source.config.tie_word_embeddings
    assert "head" not in load_params(source)[0]
    assert caplog.records == []


@pytest.mark.slow
def test_a_run_and_its_export_are_untied(tied, small_recipe, tmp_path):
    """And a run that goes on finds the same configuration."""
    folder = tied(lambda embedding: embedding[::-1])
    recipe = small_recipe(model=str(folder), from_scratch=False, steps=3)
    run, out = tmp_path / "run", tmp_path / "out"
    assert train(recipe, run)[:2] == (0, 3)
    assert train(recipe, run)[:2] == (3, 3)
    assert json.loads((run / "model" / "config.json").read_text())["tie_word_embeddings"] is False
    export(run, out)
    assert json.loads((out / "config.json").read_text())["tie_word_embeddings"] is False
    assert HEAD in load_file(out / "model.safetensors")


def test_keys_that_nothing_reads_are_named_once(tied, caplog):
    """A run knows them from its beginning, and says nothing."""
    caplog.set_level(logging.WARNING)
    folder = tied(lambda embedding: embedding)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({"quirk": 1} | settings | {"a.b": None}))
    open_model(str(folder))
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["config.json: keys that nothing reads are ignored: 'quirk', 'a.b'"]


@pytest.mark.slow
def test_a_config_goes_on_into_a_run_and_its_export(tied, small_recipe, tmp_path):
    """Byte for byte, but for the dtype; also where a run goes on from a run."""
    folder = tied(lambda embedding: embedding)
    file = folder / "config.json"
    settings = json.loads(file.read_text()) | {"pad_token_id": 3, "quirk": [1.50]}
    text = json.dumps(settings, indent=1).replace("1.5\n", "1.50\n")
    file.write_bytes(text.replace("\n", "\r\n").encode())
    recipe = small_recipe(model=str(folder), from_scratch=False, steps=3)
    first, second, out = tmp_path / "first", tmp_path / "second", tmp_path / "out"
    train(recipe, first)
    train(small_recipe(model=str(first), from_scratch=False, steps=3), second)
    export(second, out)
    for run in (first, second):
        assert (run / "model" / "config.json").read_bytes() == file.read_bytes()
    assert (out / "config.json").read_bytes() == file.read_bytes().replace(b"float32", b"bfloat16")


def test_the_commit_of_a_hub_model(hub_model):
    source = open_model(hub_model.name)
    assert (source.commit, source.folder.name) == (NOW, NOW)
    source = open_model(hub_model.name, revision=BEFORE)
    assert (source.commit, source.folder.name) == (BEFORE, BEFORE)
    with pytest.raises(UserError, match=f"no whole copy of its revision {'1' * 40} is on this machine"):
        open_model(hub_model.name, revision="1" * 40)


def test_a_model_that_is_here_has_no_revision(example):
    assert open_model(str(example / "model")).commit is None
    with pytest.raises(UserError, match=f"^--model-revision {NOW}: is for a model of the hub, and .* is here"):
        open_model(str(example / "model"), revision=NOW)
