"""Which files of a folder hold its weights: one file or shards, an index that does not fit, and a head of its own."""

import dataclasses
import json
import logging
import re

import jax
import numpy as np
import pytest
from safetensors.numpy import save_file

from commit_llm.convert.huggingface import read_weights, tensor_names, to_hf
from commit_llm.convert.weight_files import EMBEDDING, HEAD, has_another_head, open_weights
from commit_llm.errors import UserError
from commit_llm.model.parameters import init_parameters
from tests.model.test_decoder import SMALL

FIRST = slice(0, 1), slice(0, 1)
NEEDED = [EMBEDDING, "b"]


def filled(value, rows=4):
    return np.full((rows, 2), value, np.float32)


def shards(folder, files, weight_map=None):
    """Write files of {name: value}, and an index; by default each tensor is in the last file that has it."""
    for name, values in files.items():
        save_file({key: filled(value) for key, value in values.items()}, folder / name)
    by_default = {key: name for name, values in files.items() for key in values}
    index = {"weight_map": by_default if weight_map is None else weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def values(folder, needed=NEEDED):
    with open_weights(folder, needed) as tensors:
        return {key: float(tensor[FIRST][0, 0]) for key, tensor in tensors.items()}


@pytest.fixture
def told(caplog):
    caplog.set_level(logging.WARNING)
    return lambda: [record.getMessage() for record in caplog.records]


def test_shards_by_their_index(tmp_path, told):
    shards(tmp_path, {"1.safetensors": {EMBEDDING: 1.0}, "2.safetensors": {"b": 2.0}})
    assert values(tmp_path) == {EMBEDDING: 1.0, "b": 2.0}
    assert told() == []


def test_a_shard_that_is_not_there(tmp_path):
    shards(tmp_path, {"1.safetensors": {EMBEDDING: 1.0}, "2.safetensors": {"b": 2.0}})
    (tmp_path / "2.safetensors").unlink()
    with pytest.raises(UserError, match=r"no 2\.safetensors in it, which model\.safetensors\.index\.json names; fetch"):
        values(tmp_path)


@pytest.mark.parametrize(
    ("text", "tower"),
    [
        ("language_model.model.", "vision_tower.x"),
        ("model.language_model.", "model.vision_tower.x"),
        ("model.language_model.", "model.multi_modal_projector.x"),
    ],
)
def test_the_decoder_among_other_parts(tmp_path, told, text, tower):
    head = HEAD if text.startswith("model.") else f"language_model.{HEAD}"
    tensors = {f"{text}embed_tokens.weight": filled(1.0), head: filled(2.0), tower: filled(3.0)}
    save_file(tensors, tmp_path / "model.safetensors")
    assert values(tmp_path, [EMBEDDING, HEAD]) == {EMBEDDING: 1.0, HEAD: 2.0}
    assert has_another_head(tmp_path, [EMBEDDING, HEAD])
    files = {"1.safetensors": {f"{text}embed_tokens.weight": 1.0, tower: 3.0}, "2.safetensors": {head: 2.0}}
    (tmp_path / "model.safetensors").unlink()
    shards(tmp_path, files)
    assert values(tmp_path, [EMBEDDING, HEAD]) == {EMBEDDING: 1.0, HEAD: 2.0}


def test_an_index_of_other_names_that_does_not_fit_its_shards(tmp_path):
    name = "model.language_model.embed_tokens.weight"
    shards(tmp_path, {"1.safetensors": {"model.language_model.x": 1.0}}, {name: "1.safetensors"})
    with pytest.raises(UserError, match=rf"says that 1\.safetensors holds '{name}', which it does not; fetch"):
        values(tmp_path, [EMBEDDING])


def test_a_tower_beside_no_such_names_is_a_tensor_too_many(tmp_path):
    save_file({EMBEDDING: filled(1.0), "vision_tower.x": filled(3.0)}, tmp_path / "model.safetensors")
    assert values(tmp_path, [EMBEDDING]).keys() == {EMBEDDING, "vision_tower.x"}


def test_a_tensor_in_two_shards_is_the_one_that_the_index_names(tmp_path):
    files = {"1.safetensors": {EMBEDDING: 1.0, "b": 1.0}, "2.safetensors": {EMBEDDING: 2.0, "b": 2.0}}
    shards(tmp_path, files, {EMBEDDING: "2.safetensors", "b": "1.safetensors"})
    assert values(tmp_path) == {EMBEDDING: 2.0, "b": 1.0}


def test_an_index_that_does_not_fit_its_shards(tmp_path):
    files = {"1.safetensors": {EMBEDDING: 1.0, "b": 1.0}, "2.safetensors": {"b": 2.0}}
    shards(tmp_path, files, {EMBEDDING: "2.safetensors", "b": "2.safetensors"})
    with pytest.raises(UserError, match=rf"says that 2\.safetensors holds '{EMBEDDING}', which it does not; fetch"):
        values(tmp_path)
    shards(tmp_path, files, {EMBEDDING: "1.safetensors", "x": "2.safetensors"})
    with pytest.raises(UserError, match=r"does not name 'b', which 2\.safetensors and another of its files hold"):
        values(tmp_path)
    (tmp_path / "2.safetensors").unlink()
    with pytest.raises(UserError, match=r"no 2\.safetensors in it"):
        values(tmp_path)


def test_what_an_index_names_and_nobody_needs_may_be_missing(tmp_path):
    """Exports of tied models list a head that they left out; one lists nothing of what a shard has besides."""
    files = {"1.safetensors": {EMBEDDING: 1.0}, "2.safetensors": {"b": 2.0}}
    shards(tmp_path, files, {EMBEDDING: "1.safetensors", HEAD: "2.safetensors"})
    assert values(tmp_path) == {EMBEDDING: 1.0, "b": 2.0}


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("[]", "malformed: holds no JSON object"),
        ("{}", "malformed; it must hold a weight_map"),
        ('{"weight_map": ["a"]}', "malformed; it must hold a weight_map"),
        ('{"weight_map": {"a": ["b"]}}', r'names \["b"\], which is not a file of this folder'),
        ('{"weight_map": {"a": "../b"}}', r"names '\.\./b', which is not a file of this folder"),
    ],
)
def test_a_malformed_index(tmp_path, told, index, message):
    (tmp_path / "model.safetensors.index.json").write_text(index)
    with pytest.raises(UserError, match=rf"model\.safetensors\.index\.json: {message}"):
        values(tmp_path)
    save_file({EMBEDDING: filled(3.0), "b": filled(3.0)}, tmp_path / "model.safetensors")
    assert values(tmp_path) == {EMBEDDING: 3.0, "b": 3.0}
    assert len(told()) == 1


def test_a_whole_file_beside_an_index_of_others(tmp_path, told):
    shards(tmp_path, {"1.safetensors": {EMBEDDING: 1.0}, "2.safetensors": {"b": 2.0}})
    save_file({EMBEDDING: filled(3.0), "b": filled(3.0)}, tmp_path / "model.safetensors")
    assert values(tmp_path) == {EMBEDDING: 3.0, "b": 3.0}
    (line,) = told()
    assert "model.safetensors: is whole, and is used; model.safetensors.index.json names other" in line
    for name in ("1.safetensors", "2.safetensors"):
        (tmp_path / name).unlink()
    assert values(tmp_path) == {EMBEDDING: 3.0, "b": 3.0}


def test_an_index_of_the_one_file_says_nothing(tmp_path, told):
    shards(tmp_path, {"model.safetensors": {EMBEDDING: 1.0, "b": 1.0}})
    assert values(tmp_path) == {EMBEDDING: 1.0, "b": 1.0}
    assert told() == []


@pytest.mark.parametrize("broken", [False, True])
def test_a_file_that_is_not_whole_beside_an_index(tmp_path, told, broken):
    shards(tmp_path, {"1.safetensors": {EMBEDDING: 1.0}, "2.safetensors": {"b": 2.0}})
    save_file({EMBEDDING: filled(3.0)}, tmp_path / "model.safetensors")
    if broken:
        (tmp_path / "model.safetensors").write_bytes(b"half")
    assert values(tmp_path) == {EMBEDDING: 1.0, "b": 2.0}
    (line,) = told()
    reason = "it cannot be read" if broken else "it lacks 'b'"
    assert f"is not whole ({reason}); the files that model.safetensors.index.json names are read" in line


@pytest.mark.parametrize(
    ("head", "another"),
    [
        (None, False),
        (filled(1.0, 5000), False),
        (filled(1.0, 5000).astype(np.float16), False),
        (filled(1.0, 5001), True),
        (np.concatenate([filled(1.0, 4999), filled(2.0, 1)]), True),
    ],
    ids=["none", "equal", "equal in another dtype", "of another shape", "another in its last row"],
)
def test_a_head_that_is_not_the_embedding(tmp_path, head, another):
    tensors = {EMBEDDING: filled(1.0, 5000)} | ({} if head is None else {HEAD: head})
    save_file(tensors, tmp_path / "model.safetensors")
    assert has_another_head(tmp_path, [EMBEDDING]) is another


@pytest.mark.parametrize("shape", [(), (0,), (5,), (5, 0), (0, 5), (2, 3, 4)], ids=str)
def test_an_embedding_and_a_head_of_no_such_shape_are_left_to_who_reads_them(tmp_path, shape):
    """Where both are of one shape nothing is said here; reading the weights names the tensor and its shape."""
    config = dataclasses.replace(SMALL, tie_word_embeddings=True)
    params = jax.tree.map(np.asarray, init_parameters(config, jax.random.key(0)))
    tensors = {name: np.ascontiguousarray(tensor) for name, tensor in to_hf(params, config)}
    tensors |= {EMBEDDING: np.zeros(shape, np.float32), HEAD: np.ones(shape, np.float32)}
    save_file(tensors, tmp_path / "model.safetensors")
    assert not has_another_head(tmp_path, tensor_names(config))
    with pytest.raises(UserError, match=re.escape(f"'{EMBEDDING}' has shape {shape}, the configuration says (97, 32)")):
        read_weights(tmp_path, config)


def test_a_folder_without_weights_has_no_head(tmp_path):
    assert not has_another_head(tmp_path, [EMBEDDING])
