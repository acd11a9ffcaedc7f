"""Weights in and out: against the original's conversion, and files that do not fit."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import from_hf, read_weights, to_hf
from commit_llm.errors import UserError
from commit_llm.model.parameters import init_parameters
from commit_llm.parallel.mesh import make_mesh, parameter_shardings
from tests.convert.test_folder import IDS
from tests.model.test_decoder import SMALL


@pytest.fixture(scope="module")
def params():
    return jax.tree.map(np.asarray, init_parameters(SMALL, jax.random.key(0)))


@pytest.fixture
def folder(params, tmp_path):
    write_model(tmp_path, params, SMALL, "float32", new_config(SMALL, "float32", IDS))
    return tmp_path


def test_the_original_s_conversion_bit_for_bit(shared, tiny):
    config, params = tiny
    golden = np.load(shared.golden("tiny_hf_arrays.npz"))
    tensors = {name: np.asarray(tensor).astype(np.float16) for name, tensor in to_hf(params, config)}
    assert len(golden.files) == 23
    for name in golden.files:
        if name.endswith("__rows0_300"):
            np.testing.assert_array_equal(tensors[name.removesuffix("__rows0_300")][:300], golden[name])
        elif not name.endswith("inv_freq"):
            np.testing.assert_array_equal(tensors[name], golden[name])


def test_sharded_weights(folder, params):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    files = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, names_in_file in files.items():
        save_file({name: tensors[name] for name in names_in_file}, folder / file)
    weight_map = {name: file for file, names_in_file in files.items() for name in names_in_file}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    read_back, _ = read_weights(folder, SMALL)
    np.testing.assert_array_equal(read_back["layers"]["query"], params["layers"]["query"])
    index.write_text(json.dumps({"weight_map": {"x": "../outside.safetensors"}}))
    with pytest.raises(UserError, match=r"names '\.\./outside\.safetensors', which is not a file of this folder"):
        read_weights(folder, SMALL)


def test_each_device_reads_its_part_as_fp32(folder, params):
    mesh = make_mesh("1,1,1")
    placed, _ = read_weights(folder, SMALL, parameter_shardings(SMALL, mesh))
    for array, expected in zip(jax.tree.leaves(placed), jax.tree.leaves(params), strict=True):
        assert isinstance(array, jax.Array)
        np.testing.assert_array_equal(array, expected)


def test_what_does_not_fit_is_named(params):
    tensors = {name: np.asarray(tensor) for name, tensor in to_hf(params, SMALL)}
    first = "model.layers.1.self_attn.k_proj.weight"
    with pytest.raises(UserError, match=f"tensor '{first}' is missing"):
        from_hf({name: tensor for name, tensor in tensors.items() if name != first}, SMALL, "here")
    with pytest.raises(UserError, match=r"has shape \(3, 32\), the configuration says \(16, 32\)"):
        from_hf(tensors | {first: np.zeros((3, 32), np.float32)}, SMALL, "here")
    with pytest.raises(UserError, match=r"'model\.layers\.0\.self_attn\.q_proj\.bias' belongs to no llama of this"):
        from_hf(tensors | {"model.layers.0.self_attn.q_proj.bias": np.zeros(3)}, SMALL, "here")
    old_buffer = {"model.layers.0.self_attn.rotary_emb.inv_freq": np.zeros(4)}
    assert from_hf(tensors | old_buffer, SMALL, "here").keys() == params.keys()


def test_a_tied_model_may_carry_its_head(params):
    tied = dataclasses.replace(SMALL, tie_word_embeddings=True)
    assert "head" not in from_hf({name: np.asarray(tensor) for name, tensor in to_hf(params, SMALL)}, tied, "here")


def test_a_truncated_file_and_none(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(UserError, match="not a readable safetensors file"):
        read_weights(folder, SMALL)
    file.unlink()
    with pytest.raises(UserError, match=r"no model\.safetensors in it"):
        read_weights(folder, SMALL)


def test_weights_of_another_dtype(folder):
    tensors = {name: tensor.astype(np.float64) for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(UserError, match="weights of type F64; known are F32, F16, BF16: fetch or save"):
        read_weights(folder, SMALL)
