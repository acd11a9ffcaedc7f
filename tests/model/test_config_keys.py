"""Each key of a config.json is handled, idle, refused, or passed over; and real files of many families."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig, passed_over, read_config_file
from commit_llm.model.config_keys import KEYS
from tests.model.test_config import SIZES

# Of the published files, which are plain LLaMA, and what is true of each other one.
PUBLISHED = {
    "Llama-3.1-8B-Instruct": "rope_scaling is of type 'llama3'",
    "Mistral-7B-v0.1": "model_type is 'mistral'",
    "Qwen2-7B-Instruct": "model_type is 'qwen2'",
    "Qwen2.5-7B-Instruct-first-upload-yarn": "model_type is 'qwen2'",
    "Qwen3-8B": "model_type is 'qwen3'",
    "SmolLM2-360M-Instruct": None,
    "SmolLM3-3B": "model_type is 'smollm3'",
    "gemma-2-9b-it": "model_type is 'gemma2'",
    "gemma-3-12b-it-vision-sparse": "model_type is 'gemma3'",
    "gemma-3-270m-4.55": "model_type is 'gemma3_text'",
    "gemma-3-270m-5.x": "model_type is 'gemma3_text'",
}


def test_published_files_are_read_or_refused_for_a_true_reason(shared):
    files = sorted(shared.data("configs").glob("*.json"))
    assert [file.stem for file in files] == sorted(PUBLISHED)
    for file in files:
        reason = PUBLISHED[file.stem]
        if reason is None:
            assert read_config_file(file).head_dim == 64
            assert passed_over(json.loads(file.read_text())) == [
                "is_llama_config", "rope_interleaved", "transformers.js_config",
            ]  # fmt: skip
        else:
            with pytest.raises(UserError) as error:
                read_config_file(file)
            assert str(error.value).startswith(f"{file}: {reason}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": None}, "model_type is null; COMMIT's decoder expresses llama alone"),
        ({"model_type": ["llama"]}, r'model_type is \["llama"\]'),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'; the decoder's MLP has .silu. alone"),
        ({"hidden_act": None}, "hidden_act is null"),
        ({"attention_bias": True}, "attention_bias is true; the decoder's attention has no biases"),
        ({"attention_bias": None}, "attention_bias is null"),
        ({"mlp_bias": 0}, "mlp_bias is 0"),
        ({"is_causal": None}, "is_causal is null; the decoder never looks ahead: it must be true"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, r"layer_types is .*every layer of the decoder is"),
        ({"sliding_window": 4096}, "sliding_window is 4096; the decoder's attention has no window: it must be null"),
        ({"quantization_config": {"bits": 4}}, r'quantization_config is \{"bits": 4\}; its weights are quantised'),
        ({"quantization_config": {"a": "b" * 99}}, r'quantization_config is \{"a": "b+ \.\.\. b+"\}; its weights'),
        (
            {"per_layer_config": {"0": {"hidden_size": 8}}},
            "per_layer_config is .*; all layers of the",
        ),
        ({"default_rope_type": "axial"}, "default_rope_type is 'axial'; transformers reads this key, and it may"),
        ({"_rope_type_labels": None}, "_rope_type_labels is null; transformers reads this key"),
    ],
)
def test_keys_that_are_refused(change, message):
    with pytest.raises(UserError, match=f"^here: {message}"):
        ModelConfig.from_hf(SIZES | change, "here")


def test_values_that_are_no_obstacle():
    harmless = {
        "model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "is_causal": True,
        "layer_types": ["full_attention"] * 2, "sliding_window": None, "quantization_config": None,
        "per_layer_config": {}, "is_encoder_decoder": False,
    }  # fmt: skip
    assert ModelConfig.from_hf(SIZES | harmless) == ModelConfig.from_hf(SIZES)
    assert passed_over(SIZES | harmless) == []


def test_keys_that_nothing_reads_are_listed_in_the_order_of_the_file():
    unread = {"quirk": None, "a.b": {"c": 1}, "temperature": 0.6, "rope_interleaved": True}
    assert ModelConfig.from_hf(unread | SIZES) == ModelConfig.from_hf(SIZES)
    assert passed_over(unread | SIZES) == list(unread)


@pytest.mark.parametrize("keys", KEYS.values(), ids=KEYS)
def test_a_key_stands_in_one_list(keys):
    lists = [keys.sizes, keys.fields, keys.derived, keys.rotary, keys.idle, keys.refused]
    assert sum(map(len, lists)) == len(set().union(*lists))
    assert keys.sizes | keys.fields | set(keys.derived) | keys.rotary | set(keys.refused) <= keys.read
