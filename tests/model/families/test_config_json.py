"""A config.json as a ModelConfig: defaults, null, the two forms of the rotary embedding, and real files."""

import dataclasses
import json

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import (
    config_from_settings,
    passed_over,
    plain_settings,
    read_config,
    read_config_file,
    text_part,
)
from commit_llm.model.layer_kinds import LayerKind, Rope

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

GROUPED = SIZES | {"num_key_value_heads": 2}

YARN = {"rope_type": "yarn", "factor": None}


def with_theta(theta):
    return (LayerKind(rope=Rope(theta)),)


def test_llama_2():
    config = config_from_settings(LLAMA_2)
    assert (config.head_dim, config.rms_norm_eps, config.kinds) == (128, 1e-5, with_theta(10000.0))
    assert passed_over(LLAMA_2) == []


@pytest.mark.parametrize(
    "config",
    [
        config_from_settings(LLAMA_2),
        ModelConfig(100, 48, 80, 2, 4, 2, 16, 512, 1e-5, True, with_theta(5e5)),
        ModelConfig(7, 8, 9, 1, 1, 1, 2, kinds=with_theta(1000000)),
    ],
)
def test_reading_is_the_inverse_of_writing(config):
    assert config_from_settings(plain_settings(config, "bfloat16")) == config
    assert passed_over(plain_settings(config, "bfloat16")) == []


def test_absent_keys_have_the_defaults_of_the_class():
    assert config_from_settings(SIZES) == ModelConfig(100, 48, 80, 2, 4, 4, 12, 2048, 1e-6, False)


def test_null_is_what_the_class_makes_of_it():
    derived = {"num_key_value_heads": None, "head_dim": None}
    nothing = {"rope_scaling": None, "rope_parameters": None, "partial_rotary_factor": None, "layer_types": None}
    assert config_from_settings(SIZES | derived | nothing) == config_from_settings(SIZES)
    idle = {"pad_token_id": None, "eos_token_id": None, "torch_dtype": None, "pretraining_tp": None, "id2label": None}
    assert config_from_settings(SIZES | idle) == config_from_settings(SIZES)


@pytest.mark.parametrize("size", SIZES)
def test_a_size_is_there_and_no_null(size):
    with pytest.raises(UserError, match=f"^config.json: no '{size}'"):
        config_from_settings({key: value for key, value in SIZES.items() if key != size})
    with pytest.raises(UserError, match=f"^config.json: {size} is null; it must be a number above 0"):
        config_from_settings(SIZES | {size: None})


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
    assert config_from_settings(SIZES | change) == dataclasses.replace(
        config_from_settings(SIZES), kinds=with_theta(theta)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rope_scaling": "linear"}, "rope_scaling is 'linear'; it must be an object"),
        (
            {"rope_scaling": {"type": "longrope", "factor": 2.0}},
            "rope_scaling is of type 'longrope' .* the decoder has default, linear, llama3, yarn",
        ),
        ({"rope_scaling": {"rope_type": "dynamic", "type": "default"}}, "rope_scaling is of type 'dynamic'"),
        ({"rope_parameters": {"rope_type": "linear"}}, "rope_parameters is of type linear, and has no 'factor'"),
        ({"rope_parameters": {"rope_type": "yarn"}}, "rope_parameters is of type yarn, and has no 'factor'"),
        ({"rope_scaling": {"rope_type": "linear", "factor": "2"}}, "factor is '2'; it must be a number above 0"),
        (
            {"rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0}},
            "low_freq_factor is 4.0; it must be below high_freq_factor, 4.0",
        ),
        (
            {"rope_scaling": {"rope_type": "yarn", "factor": 8.0, "beta_fast": "many"}},
            "rope_scaling.beta_fast is 'many'; it must be a number above 0",
        ),
        ({"rope_parameters": {"rope_type": None}}, "rope_parameters is of type null"),
        (
            {"rope_parameters": {"full_attention": {"rope_theta": 1e4}}},
            "rope_parameters differs by layer type .*: use another model",
        ),
        ({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "partial_rotary_factor is 0.5; the"),
        ({"partial_rotary_factor": 0.25}, "partial_rotary_factor is 0.25"),
        ({"rope_theta": None}, "rope_theta is null; it must be a number above 0"),
        ({"rope_scaling": {"rope_theta": None}}, "rope_theta is null"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0; it must be a number above 0"),
        ({"num_key_value_heads": 0}, "num_key_value_heads is 0"),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 is not a multiple of num_key_value_heads 3"),
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
        config_from_settings(SIZES | change, "here")


@pytest.mark.parametrize(
    ("model_type", "change", "message"),
    [
        ("gemma2", {"layer_types": ["full_attention"]}, "layer_types has 1 entries, and num_hidden_layers is 2"),
        ("gemma2", {"layer_types": []}, "layer_types has 0 entries, and num_hidden_layers is 2"),
        ("olmo3", {"layer_types": "full_attention"}, "layer_types is 'full_attention'; it must be a list"),
        (
            "qwen3",
            {"layer_types": ["chunked_attention"] * 2},
            "layer_types has 'chunked_attention'; the decoder has",
        ),
        (
            "qwen2",
            {"layer_types": ["sliding_attention"] * 2},
            "layer_types has sliding_attention, and there is",
        ),
        ("gemma3_text", {"sliding_window": None}, "layer_types has sliding_attention, and there is no sliding_window"),
        ("gemma3_text", {"sliding_window": 0}, "sliding_window is 0; it must be a number above 0"),
        ("gemma3_text", {"sliding_window_pattern": 0}, "sliding_window_pattern is 0; it must be a number above 0"),
        ("mistral", {"sliding_window": "4096"}, "sliding_window is '4096'; it must be a number above 0"),
        ("smollm3", {"no_rope_layers": [1]}, "no_rope_layers has 1 entries, and num_hidden_layers is 2"),
        ("smollm3", {"no_rope_layers": [1, 2]}, "no_rope_layers has 2; the decoder has 0 and 1"),
        ("smollm3", {"no_rope_layers": [True, True]}, "no_rope_layers has true"),
        ("smollm3", {"no_rope_layer_interval": 0}, "no_rope_layer_interval is 0; it must be a number above 0"),
        ("gemma2", {"query_pre_attn_scalar": None}, "query_pre_attn_scalar is null; it must be a number above 0"),
        ("gemma2", {"attn_logit_softcapping": -1.0}, "attn_logit_softcapping is -1.0; it must be a number above 0"),
        ("granite", {"logits_scaling": 0}, "logits_scaling is 0; it must be a number above 0"),
        ("qwen2", {"use_sliding_window": None}, "use_sliding_window is null; it must be true or false"),
        ("gemma3_text", {"attn_logit_softcapping": 9.0}, "attn_logit_softcapping is 9.0; no layer of this family caps"),
        ("granite", {"attention_multiplier": None}, "attention_multiplier is null; it must be a number above 0"),
        ("olmo3", {"rope_scaling": {"type": "yarn"}}, "rope_scaling has its type, 'yarn', as 'type'"),
        ("olmo3", {"rope_parameters": {"full_attention": 1}}, "rope_parameters.full_attention is 1; it must be an"),
        ("olmo3", {"rope_scaling": [1]}, r"rope_scaling is \[1\]; it must be an object"),
        ("gemma", {"hidden_act": "relu"}, "hidden_act is 'relu'; the decoder's MLP has silu, gelu_pytorch_tanh"),
        ("gemma3_text", {"hidden_activation": "gelu"}, "hidden_activation is 'gelu'; the decoder's MLP has silu"),
        (
            "gemma3",
            {"text_config": {"model_type": "llama"}},
            "text_config is a 'llama'; in a gemma3 it must be a gemma3_text: fetch the config.json again",
        ),
        ("llama", {"rope_scaling": YARN | {"rope_theta": 1}}, "rope_theta is 1; for yarn it must be a number above 1"),
        ("llama", {"rope_scaling": YARN, "max_position_embeddings": None}, "max_position_embeddings is null"),
        ("llama", {"rope_scaling": YARN, "max_position_embeddings": "x"}, "max_position_embeddings is 'x'; it must be"),
        (
            "qwen2",
            {"use_sliding_window": True, "max_window_layers": None},
            "max_window_layers is null; it must be a",
        ),
        ("qwen2", {"use_sliding_window": True, "max_window_layers": False}, "max_window_layers is false; it must be"),
        ("gemma3", {"text_config": [1]}, r"text_config is \[1\]; it must be an object"),
        ("gemma3", {"quantization_config": {"bits": 4}}, "quantization_config is .*quantised"),
    ],
)
def test_values_that_a_family_refuses(model_type, change, message):
    with pytest.raises(UserError, match=f"^here: {message}"):
        config_from_settings(SIZES | {"model_type": model_type} | change, "here")


def test_a_length_of_pre_training_that_is_null_is_the_longest():
    nowhere = SIZES | {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}
    for null in (
        {"original_max_position_embeddings": None},
        {"rope_scaling": nowhere["rope_scaling"] | {"original_max_position_embeddings": None}},
    ):
        assert config_from_settings(nowhere | null) == config_from_settings(nowhere)
    assert config_from_settings(nowhere).kinds[0].rope.original_max_position_embeddings == 2048


def test_layers_of_two_kinds():
    gemma = config_from_settings(GROUPED | {"model_type": "gemma3_text", "num_hidden_layers": 7})
    assert [kind.window for kind in gemma.layer_kinds] == [4096] * 5 + [None, 4096]
    assert [kind.rope.rope_theta for kind in gemma.kinds] == [1e4, 1e6]
    smollm = config_from_settings(GROUPED | {"model_type": "smollm3", "num_hidden_layers": 5})
    assert [kind.rope is None for kind in smollm.layer_kinds] == [False] * 3 + [True, False]
    qwen = GROUPED | {"model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 1, "sliding_window": 9}
    assert [kind.window for kind in config_from_settings(qwen).layer_kinds] == [None, 9]
    assert config_from_settings(qwen | {"use_sliding_window": False}).pattern == ()
    mistral = GROUPED | {"model_type": "mistral", "layer_types": ["full_attention"] * 2}
    assert [kind.window for kind in config_from_settings(mistral).layer_kinds] == [4096, 4096]


def test_a_key_of_another_family_says_nothing():
    """As in transformers, whose classes keep it and never use it."""
    layers = SIZES | {"num_hidden_layers": 4}
    for model_type, change in [
        ("llama", {"no_rope_layers": [1, 0, 1, 0]}),
        ("olmo3", {"sliding_window_pattern": 2, "rope_local_base_freq": 3e4}),
        ("gemma2", {"sliding_window_pattern": 4, "logits_scaling": 3.0}),
    ]:
        settings = layers | {"model_type": model_type}
        assert config_from_settings(settings | change) == config_from_settings(settings)


def test_both_rotary_settings_of_a_family_with_one_a_layer_type():
    """A scaling is of the full layers alone, and joins what else is said of them."""
    both = {
        "rope_scaling": {"rope_type": "linear", "factor": 3.0},
        "rope_parameters": {"full_attention": {"rope_theta": 2e6}, "sliding_attention": {"rope_theta": 2e4}},
    }
    config = config_from_settings(SIZES | {"model_type": "gemma3_text", "num_hidden_layers": 6} | both)
    assert [kind.rope for kind in config.kinds] == [Rope(2e4), Rope(2e6, "linear", 3.0)]


def test_a_window_of_nothing_slides_nowhere():
    qwen = GROUPED | {"model_type": "qwen2", "use_sliding_window": True, "max_window_layers": 0}
    assert config_from_settings(qwen | {"sliding_window": None}).pattern == ()
    slides = {"layer_types": ["full_attention", "sliding_attention"], "sliding_window": 9}
    smollm = config_from_settings(GROUPED | {"model_type": "smollm3"} | slides)
    assert [kind.window for kind in smollm.layer_kinds] == [None, 9]


def test_the_text_part_of_a_file_that_describes_images():
    text = {"hidden_size": 64, "num_hidden_layers": 2, "model_type": "gemma3_text"}
    settings = {"model_type": "gemma3", "text_config": text, "vision_config": {"x": 1}, "eos_token_id": [1, 106]}
    config = config_from_settings(settings)
    assert (config.model_type, config.vocab_size, config.hidden_size, config.head_dim) == (
        "gemma3_text",
        262208,
        64,
        256,
    )
    part = text_part(settings, "here")
    assert config_from_settings(part) == config
    assert part["architectures"] == ["Gemma3ForCausalLM"]
    assert part["eos_token_id"] == [1, 106]
    assert "vision_config" not in part


def test_what_the_whole_file_says_counts_before_its_text_part():
    text = {"hidden_size": 64, "num_hidden_layers": 2, "eos_token_id": 1, "tie_word_embeddings": True}
    settings = {"model_type": "gemma3", "text_config": text, "eos_token_id": [1, 106], "tie_word_embeddings": False}
    assert text_part(settings, "here")["eos_token_id"] == [1, 106]
    assert not config_from_settings(settings).tie_word_embeddings
    nothing = settings | {"eos_token_id": None}
    assert text_part(nothing, "here")["eos_token_id"] == 1


def test_the_settings_of_a_text_part_are_whole():
    sparse = {"model_type": "gemma3", "text_config": {"hidden_size": 64, "num_hidden_layers": 2}}
    part = text_part(sparse, "here")
    assert (part["head_dim"], part["num_key_value_heads"], part["rope_theta"]) == (256, 4, 1e6)
    nested = {"full_attention": {"rope_theta": 1e5}}
    part = text_part({"model_type": "gemma3", "text_config": {"rope_parameters": nested}}, "here")
    assert not {"rope_theta", "rope_local_base_freq", "layer_types"} & part.keys()


def test_a_config_json_from_nothing_is_plain_llama_s():
    with pytest.raises(UserError, match="can be written only for plain LLaMA"):
        plain_settings(config_from_settings(GROUPED | {"model_type": "qwen2"}), "float32")


def test_a_configuration_goes_through_json():
    """As it does to the process that compiles for `plan`."""
    config = config_from_settings(SIZES | {"model_type": "gemma3_text", "num_hidden_layers": 7})
    assert ModelConfig.from_plain(json.loads(json.dumps(dataclasses.asdict(config)))) == config


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
