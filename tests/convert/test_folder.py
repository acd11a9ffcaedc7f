"""Model folders as they are written: files, shards, and that what was written wrong is noticed."""

import json

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import DTYPES, read_weights, to_hf
from commit_llm.errors import UserError
from commit_llm.files.whole import whole_folder
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from tests.model.test_decoder import SMALL

IDS = {"bos_token_id": 1, "eos_token_id": 2}


@pytest.fixture(scope="module")
def params():
    return jax.tree.map(np.asarray, init_parameters(SMALL, jax.random.key(0)))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("tied", [False, True])
def test_round_trip(params, tmp_path, dtype, tied):
    config = ModelConfig(**{**SMALL.__dict__, "tie_word_embeddings": tied})
    rounded = jax.tree.map(lambda array: array.astype(DTYPES[dtype]), params)
    if tied:
        rounded.pop("head")
    write_model(tmp_path, rounded, config, dtype, new_config(config, dtype, IDS))
    assert read_config(tmp_path) == config
    read_back, file_dtype = read_weights(tmp_path, config)
    assert file_dtype == dtype
    assert jax.tree.structure(read_back) == jax.tree.structure(rounded)
    for array, expected in zip(jax.tree.leaves(read_back), jax.tree.leaves(rounded), strict=True):
        assert array.tobytes() == expected.tobytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json", "model.safetensors",
    }  # fmt: skip


def test_shards_and_their_index(params, tmp_path):
    write_model(tmp_path, params, SMALL, "bfloat16", new_config(SMALL, "bfloat16", IDS), shard_bytes=10_000)
    files = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert files[0] == f"model-00001-of-{len(files):05d}.safetensors"
    assert len(files) > 3
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"].values()) == set(files)
    read_back, dtype = read_weights(tmp_path, SMALL)
    assert dtype == "bfloat16"
    for array, expected in zip(jax.tree.leaves(read_back), jax.tree.leaves(params), strict=True):
        assert array.tobytes() == expected.astype(DTYPES["bfloat16"]).tobytes()


def test_a_dtype_for_single_tensors(params, tmp_path):
    """Also in the sizes of shards: each holds its own tensors alone, up to the bytes that it may have."""
    norms = {f"model.layers.{layer}.input_layernorm.weight": "float32" for layer in range(SMALL.num_hidden_layers)}
    dtypes = norms | {"model.embed_tokens.weight": "float32", "lm_head.weight": "float16"}
    text = new_config(SMALL, "bfloat16", IDS)
    write_model(tmp_path, params, SMALL, "bfloat16", text, shard_bytes=10_000, dtypes=dtypes)
    of_shards = [load_file(path) for path in sorted(tmp_path.glob("*.safetensors"))]
    tensors = {name: tensor for shard in of_shards for name, tensor in shard.items()}
    assert len(tensors) == len(list(to_hf(params, SMALL)))
    for name, tensor in to_hf(params, SMALL):
        expected = np.ascontiguousarray(tensor).astype(DTYPES[dtypes.get(name, "bfloat16")])
        assert (tensors[name].dtype, tensors[name].tobytes()) == (expected.dtype, expected.tobytes())
    sizes = [[tensor.nbytes for tensor in shard.values()] for shard in of_shards]
    assert all(sum(shard) <= 10_000 for shard in sizes if len(shard) > 1)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == sum(map(sum, sizes))
    large = params | {"head": params["head"] + 7e4}
    with pytest.raises(UserError, match=r"lm_head.weight: float16 has no room for"):
        write_model(tmp_path, large, SMALL, "bfloat16", text, dtypes=dtypes)


def test_weights_that_were_written_wrong_are_noticed(params, tmp_path, monkeypatch):
    def save_wrongly(tensors, *rest, **options):
        save_file({name: tensor + 1 for name, tensor in tensors.items()}, *rest, **options)

    monkeypatch.setattr("commit_llm.convert.folder.save_file", save_wrongly)
    with pytest.raises(OSError, match="was not read back as written"):
        write_model(tmp_path, params, SMALL, "float32", new_config(SMALL, "float32", IDS))


@pytest.mark.parametrize(
    ("dtype", "number", "message"),
    [
        ("float16", 7e4, r"tensor model\.layers\.1\.mlp\.up_proj\.weight: float16 has no room for 1 of its numbers, "
         r"the first 70000\.0 at \[2, 3\]; export with --dtype bfloat16 or float32"),
        ("bfloat16", 3.4e38, "bfloat16 has no room for 1"),
        ("float32", np.nan, r"up_proj\.weight: 1 of its numbers, the first nan at \[2, 3\], are not finite"),
    ],
)  # fmt: skip
def test_numbers_that_are_not_finite_as_written_are_refused(params, tmp_path, dtype, number, message):
    changed = jax.tree.map(np.copy, params)
    changed["layers"]["up"][1, 3, 2] = number
    with pytest.raises(UserError, match=message), whole_folder(tmp_path / "model") as folder:
        write_model(folder, changed, SMALL, dtype, new_config(SMALL, dtype, IDS), shard_bytes=10_000)
    assert list(tmp_path.iterdir()) == []
