"""The original's parameters as ours: its own model bit for bit, arrays that do not fit, and LLaMA's sizes."""

import json

import jax
import ml_dtypes
import numpy as np
import pytest

from commit_llm.convert.easylm import from_easylm, named_config
from commit_llm.convert.streaming import read_streaming_params
from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_parameters


def test_the_golden_model_bit_for_bit(shared, tiny):
    config, params = tiny
    arrays = read_streaming_params(shared.golden("tiny_streaming_params"))
    assert len(arrays) == len(shared.golden_json("tiny_streaming_params.layout.json")) == 21
    read = from_easylm(arrays, config)
    for array, expected in zip(jax.tree.leaves(read), jax.tree.leaves(params), strict=True):
        assert array.dtype == ml_dtypes.bfloat16
        np.testing.assert_array_equal(array.astype(np.float32), expected)


def test_parameters_that_do_not_fit(shared, tiny):
    config, _ = tiny
    arrays = read_streaming_params(shared.golden("micro_streaming_params_fp32"))
    with pytest.raises(UserError, match=r"'transformer/wte/embedding' has shape \(64, 16\), .* \(32000, 64\)"):
        from_easylm(arrays, config)
    micro = ModelConfig(64, 16, 24, 2, 2, 2, 8)
    assert from_easylm(arrays, micro)["embedding"].shape == (64, 16)
    with pytest.raises(UserError, match="'transformer/h/1/attention/wq/kernel' is missing"):
        from_easylm({k: v for k, v in arrays.items() if k != "transformer/h/1/attention/wq/kernel"}, micro)
    with pytest.raises(UserError, match="'transformer/h/9/x' belongs to no LLaMA"):
        from_easylm(arrays | {"transformer/h/9/x": np.zeros(1)}, micro)


@pytest.mark.parametrize(
    ("size", "parameters"),
    [("7b", 6_738_415_616), ("13b", 13_015_864_320), ("30b", 32_528_943_616), ("65b", 65_285_660_672)],
)
def test_sizes_of_llama_1(size, parameters):
    assert count_parameters(named_config(size)) == parameters
    assert named_config(size).rms_norm_eps == (1e-5 if size == "65b" else 1e-6)


def test_only_llama_comes_from_easylm(tmp_path):
    """Gemma's parameters have the same names, and another meaning: its norms are of 1 + w."""
    sizes = {
        "vocab_size": 9,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(sizes | {"model_type": "gemma", "num_key_value_heads": 2, "head_dim": 4}))
    with pytest.raises(UserError, match="is a gemma; checkpoints of EasyLM are LLaMA"):
        named_config(str(file))
    file.write_text(json.dumps(sizes | {"attention_bias": True}))
    with pytest.raises(UserError, match="has no query_bias, but --config asks for it; is --config right"):
        from_easylm({}, named_config(str(file)))
