"""A config.json as a ModelConfig: defaults, null, the two forms of the rotary embedding, and real files."""

import dataclasses
import json

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig, passed_over, read_config, read_config_file

LLAMA_2 = {
    "architectures": ["LlamaForCausalLM"], "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
    "intermediate_size": 11008, "max_position_embeddings": 4096, "model_type": "llama", "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 32, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_scaling": None, "tie_word_embeddings": False, "torch_dtype": "float16", "use_cache": True,
    "vocab_size": 32000, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
SIZES = {
    "vocab_size": 100, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2, "num_attention_heads": 4,
}  # fmt: skip


def test_llama_2():
    config = ModelConfig.from_hf(LLAMA_2)
    assert (config.head_dim, config.rms_norm_eps, config.rope_theta) == (128, 1e-5, 10000.0)
    assert passed_over(LLAMA_2) == []


@pytest.mark.parametrize(
    "config",
    [
        ModelConfig.from_hf(LLAMA_2),
        ModelConfig(100, 48, 80, 2, 4, 2, 16, 512, 1e-5, 5e5, True),
        ModelConfig(7, 8, 9, 1, 1, 1, 2, rope_theta=1000000),
    ],
)
def test_reading_is_the_inverse_of_writing(config):
    assert ModelConfig.from_hf(config.to_hf("bfloat16")) == config
    assert passed_over(config.to_hf("bfloat16")) == []


def test_absent_keys_have_the_defaults_of_the_class():
    assert ModelConfig.from_hf(SIZES) == ModelConfig(100, 48, 80, 2, 4, 4, 12, 2048, 1e-6, 1e4, False)


def test_null_is_what_the_class_makes_of_it():
    derived = {"num_key_value_heads": None, "head_dim": None}
    nothing = {"rope_scaling": None, "rope_parameters": None, "partial_rotary_factor": None, "layer_types": None}
    assert ModelConfig.from_hf(SIZES | derived | nothing) == ModelConfig.from_hf(SIZES)
    idle = {"pad_token_id": None, "eos_token_id": None, "torch_dtype": None, "pretraining_tp": None, "id2label": None}
    assert ModelConfig.from_hf(SIZES | idle) == ModelConfig.from_hf(SIZES)


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_there_and_no_null(size):
    with pytest.raises(UserError, match=f"^config.json: no '{size}'"):
        ModelConfig.from_hf({key: value for key, value in SIZES.items() if key != size})
    with pytest.raises(UserError, match=f"^config.json: {size} is null; it must be a number above 0"):
        ModelConfig.from_hf(SIZES | {size: None})


@pytest.mark.parametrize(
    ("change", "theta"),
    [
        ({}, 1e4),
        ({"rope_theta": 5e5}, 5e5),
        ({"rope_parameters": {"rope_theta": 5e5, "rope_type": "default"}}, 5e5),
        ({"rope_parameters": {}, "rope_theta": 5e5}, 5e5),
        ({"rope_scaling": {"type": "default"}, "rope_theta": 5e5}, 5e5),
        ({"rope_scaling": {"rope_theta": 7e4}, "rope_theta": 5e5, "rope_parameters": {"rope_theta": 6e4}}, 7e4),
        ({"rope_scaling": {}, "rope_parameters": {"rope_theta": 6e4}}, 6e4),
        ({"rope_theta": None, "rope_parameters": {"rope_theta": 6e4}}, 6e4),
        ({"rope_parameters": {"partial_rotary_factor": 1.0, "rope_theta": 6e4}}, 6e4),
        ({"partial_rotary_factor": 1}, 1e4),
        ({"partial_rotary_factor": 0.5, "rope_parameters": {"partial_rotary_factor": 1.0}}, 1e4),
    ],
)
def test_the_plain_rotary_embedding(change, theta):
    assert ModelConfig.from_hf(SIZES | change) == dataclasses.replace(ModelConfig.from_hf(SIZES), rope_theta=theta)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rope_scaling": "linear"}, "rope_scaling is 'linear'; it must be an object"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling is of type 'linear' .* plain rotary"),
        ({"rope_scaling": {"rope_type": "llama3", "type": "default"}}, "rope_scaling is of type 'llama3'"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rope_parameters is of type 'yarn'"),
        ({"rope_parameters": {"rope_type": None}}, "rope_parameters is of type null"),
        (
            {"rope_parameters": {"full_attention": {"rope_theta": 1e4}}},
            "rope_parameters differs by layer type",
        ),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "partial_rotary_factor is 0.5; the"),
        ({"partial_rotary_factor": 0.25}, "partial_rotary_factor is 0.25"),
        ({"rope_theta": None}, "rope_theta is null; it must be a number above 0"),
        ({"rope_scaling": {"rope_theta": None}}, "rope_theta is null"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0; it must be a number above 0"),
        ({"num_key_value_heads": 0}, "num_key_value_heads is 0"),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 is no multiple of num_key_value_heads 3"),
        ({"num_hidden_layers": 2.5}, "num_hidden_layers is 2.5"),
        ({"head_dim": 15}, "head_dim 15 is odd"),
        ({"hidden_size": -64}, "hidden_size is -64"),
        ({"rms_norm_eps": "a"}, "rms_norm_eps is 'a'"),
        ({"rms_norm_eps": None}, "rms_norm_eps is null; it must be a number above 0"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps is NaN; it must be a number above 0"),
        ({"rope_theta": float("inf")}, "rope_theta is Infinity; it must be a number below 1e"),
        ({"rope_theta": 10**400}, r"rope_theta is 10+ \.\.\. 0+; it must be a number below 1e"),
        ({"vocab_size": 10**400}, r"vocab_size is 10+ \.\.\. 0+; it must be a number below 2e"),
        ({"vocab_size": True}, "vocab_size is true; it must be a number above 0"),
        ({"max_position_embeddings": None}, "max_position_embeddings is null; it must be a number above 0"),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings is 1; it must be true or false"),
        ({"tie_word_embeddings": None}, "tie_word_embeddings is null; it must be true or false"),
    ],
)
def test_values_that_are_refused(change, message):
    with pytest.raises(UserError, match=f"^here: {message}"):
        ModelConfig.from_hf(SIZES | change, "here")


def test_keys_of_the_rotary_embedding_that_nothing_reads():
    rope = {"rope_type": "default", "factor": 2.0, "rope_theta": 1e4, "partial_rotary_factor": 1.0}
    assert passed_over(SIZES | {"rope_scaling": rope}) == ["rope_scaling.factor"]
    assert passed_over(SIZES | {"rope_scaling": {"type": "default"}, "rope_parameters": rope}) == ["rope_parameters"]


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(UserError, match=r"not a model folder \(no config\.json in it\)"):
        read_config(tmp_path)
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        read_config_file(tmp_path / "config.json")
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="malformed JSON"):
        read_config(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps([1]))
    with pytest.raises(UserError, match="holds no JSON object"):
        read_config(tmp_path)
