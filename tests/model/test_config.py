"""Every key of a config.json is handled, ignored by name, or refused with its name."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig, read_config

LLAMA_2 = {
    "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 11008, "max_position_embeddings": 4096, "model_type": "llama", "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 32, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": None, "tie_word_embeddings": False, "torch_dtype": "float16", "use_cache": True,
    "vocab_size": 32000, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip


def test_llama_2():
    config = ModelConfig.from_hf(LLAMA_2)
    assert (config.head_dim, config.rms_norm_eps, config.rope_theta) == (128, 1e-5, 10000.0)
    assert ModelConfig.from_hf(config.to_hf("bfloat16")) == config


def test_rope_theta_of_transformers_4_and_5():
    old = LLAMA_2 | {"rope_theta": 500000.0}
    new = LLAMA_2 | {"rope_parameters": {"rope_theta": 500000.0, "rope_type": "default"}}
    assert ModelConfig.from_hf(old) == ModelConfig.from_hf(new)
    assert ModelConfig.from_hf(old).rope_theta == 500000.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "qwen2"}, "model_type is 'qwen2'"),
        ({"attention_bias": True}, "attention_bias is True"),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "only plain rotary embedding"),
        ({"rope_scaling": "linear"}, "rope_scaling of type 'linear'"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0; it must be a number above 0"),
        ({"num_key_value_heads": 0}, "num_key_value_heads is 0"),
        ({"num_hidden_layers": 2.5}, "num_hidden_layers is 2.5"),
        ({"hidden_size": -64}, "hidden_size is -64"),
        ({"rms_norm_eps": "a"}, "rms_norm_eps is 'a'"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings is 1; it must be true or false"),
        ({"vocab_size": True}, "vocab_size is True"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "rope_scaling of type 'llama3' is not supported"),
        ({"sliding_window": 4096}, "unknown key 'sliding_window' with value 4096"),
        ({"num_key_value_heads": 5}, "num_attention_heads 32 is no multiple of num_key_value_heads 5"),
        ({"hidden_size": None}, "no 'hidden_size'"),
        ({"vocab_size": None}, "missing .* argument: 'vocab_size'"),
    ],
)
def test_what_is_refused(change, message):
    with pytest.raises(UserError, match=message):
        ModelConfig.from_hf(LLAMA_2 | change)


@pytest.mark.parametrize("tokens", [{"bos_token_id": None}, {"eos_token_id": [5, 7]}, {"eos_token_id": None}])
def test_special_tokens_are_no_matter_of_the_numbers(tokens):
    assert ModelConfig.from_hf(LLAMA_2 | tokens) == ModelConfig.from_hf(LLAMA_2)


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(UserError, match=r"not a model folder \(no config\.json in it\)"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="malformed JSON"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps([1]))
    with pytest.raises(UserError, match="holds no JSON object"):
        read_config(tmp_path)
