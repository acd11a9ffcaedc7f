"""Weights in and out: against the original's conversion, round trips, and files that do not fit."""

import dataclasses
import json

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import DTYPES, from_hf, read_weights, to_hf
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig, read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.parallel.mesh import make_mesh, parameter_shardings
from tests.model.test_decoder import SMALL


@pytest.fixture(scope="module")
def params():
    return jax.tree.map(np.asarray, init_parameters(SMALL, jax.random.key(0)))


@pytest.fixture
def folder(params, example, tmp_path):
    write_model(tmp_path, params, SMALL, "float32", example / "model" / "tokenizer.json")
    return tmp_path


def test_the_original_s_conversion_bit_for_bit(shared, tiny):
    config, params = tiny
    golden = np.load(shared.golden("tiny_hf_arrays.npz"))
    ours = {name: np.asarray(tensor).astype(np.float16) for name, tensor in to_hf(params, config)}
    assert len(golden.files) == 23
    for name in golden.files:
        if name.endswith("__rows0_300"):
            np.testing.assert_array_equal(ours[name.removesuffix("__rows0_300")][:300], golden[name])
        elif not name.endswith("inv_freq"):
            np.testing.assert_array_equal(ours[name], golden[name])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tied", [False, True])
def test_round_trip(params, example, tmp_path, dtype, tied):
    config = ModelConfig(**{**SMALL.__dict__, "tie_word_embeddings": tied})
    rounded = jax.tree.map(lambda array: array.astype(DTYPES[dtype]), params)
    if tied:
        rounded.pop("head")
    write_model(tmp_path, rounded, config, dtype, example / "model" / "tokenizer.json")
    assert read_config(tmp_path) == config
    back, found = read_weights(tmp_path, config)
    assert found == dtype
    assert jax.tree.structure(back) == jax.tree.structure(rounded)
    for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(rounded), strict=True):
        assert one.tobytes() == other.tobytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip


def test_sharded_weights(folder, params):
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    files = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, held in files.items():
        save_file({name: tensors[name] for name in held}, folder / file)
    weight_map = {name: file for file, held in files.items() for name in held}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    back, _ = read_weights(folder, SMALL)
    np.testing.assert_array_equal(back["layers"]["query"], params["layers"]["query"])
    index.write_text(json.dumps({"weight_map": {"x": "../outside.safetensors"}}))
    with pytest.raises(UserError, match=r"names '\.\./outside\.safetensors', which is no file of this folder"):
        read_weights(folder, SMALL)


def test_shards_of_our_own(params, example, tmp_path):
    write_model(tmp_path, params, SMALL, "bfloat16", example / "model" / "tokenizer.json", shard_bytes=10_000)
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert files[0] == f"model-00001-of-{len(files):05d}.safetensors"
    assert len(files) > 3
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(files)
    back, dtype = read_weights(tmp_path, SMALL)
    assert dtype == "bfloat16"
    for one, other in zip(jax.tree.leaves(back), jax.tree.leaves(params), strict=True):
        assert one.tobytes() == other.astype(DTYPES["bfloat16"]).tobytes()


def test_each_device_reads_its_part_as_fp32(folder, params):
    mesh = make_mesh("1,1,1")
    placed, _ = read_weights(folder, SMALL, parameter_shardings(SMALL, mesh))
    for one, other in zip(jax.tree.leaves(placed), jax.tree.leaves(params), strict=True):
        assert isinstance(one, jax.Array)
        np.testing.assert_array_equal(one, other)


def test_what_does_not_fit_is_named(params):
    tensors = {name: np.asarray(tensor) for name, tensor in to_hf(params, SMALL)}
    first = "model.layers.1.self_attn.k_proj.weight"
    with pytest.raises(UserError, match=f"tensor '{first}' is missing"):
        from_hf({name: tensor for name, tensor in tensors.items() if name != first}, SMALL, "here")
    with pytest.raises(UserError, match=r"has shape \(3, 32\), the configuration says \(16, 32\)"):
        from_hf(tensors | {first: np.zeros((3, 32), np.float32)}, SMALL, "here")
    with pytest.raises(UserError, match=r"'model\.layers\.0\.self_attn\.q_proj\.bias' belongs to no LLaMA"):
        from_hf(tensors | {"model.layers.0.self_attn.q_proj.bias": np.zeros(3)}, SMALL, "here")
    old_buffer = {"model.layers.0.self_attn.rotary_emb.inv_freq": np.zeros(4)}
    assert from_hf(tensors | old_buffer, SMALL, "here").keys() == params.keys()


def test_a_tied_model_may_carry_its_head(params):
    tied = dataclasses.replace(SMALL, tie_word_embeddings=True)
    assert "head" not in from_hf({name: np.asarray(tensor) for name, tensor in to_hf(params, SMALL)}, tied, "here")


def test_weights_that_were_written_wrong_are_noticed(params, example, tmp_path, monkeypatch):
    def save_wrongly(tensors, *rest, **options):
        save_file({name: tensor + 1 for name, tensor in tensors.items()}, *rest, **options)

    monkeypatch.setattr("commit_llm.convert.folder.save_file", save_wrongly)
    with pytest.raises(OSError, match="was not read back as written"):
        write_model(tmp_path, params, SMALL, "float32", example / "model" / "tokenizer.json")


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
    with pytest.raises(UserError, match="weights of type F64"):
        read_weights(folder, SMALL)
