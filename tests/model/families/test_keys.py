"""Each key of a config.json is handled, idle, refused, or passed over; and real files of many families."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.model.families.config_json import config_from_settings, passed_over, read_config_file
from commit_llm.model.families.family import FAMILIES
from commit_llm.model.families.keys import keys_of
from tests.model.families.test_config_json import SIZES

# Of published files: the keys that nothing reads.
UNREAD = {
    "SmolLM2-360M-Instruct": ["is_llama_config", "rope_interleaved", "transformers.js_config"],
    "gemma-2-9b-it": ["sliding_window_size"],
    "gemma-3-270m-4.55": ["unsloth_fixed", "unsloth_version"],
}


def test_published_files_are_read(shared):
    files = sorted(shared.data("configs").glob("*.json"))
    assert len(files) == 11
    for file in files:
        read_config_file(file)
        assert passed_over(json.loads(file.read_text())) == UNREAD.get(file.stem, []), file.stem


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": None}, "model_type is null; COMMIT's decoder expresses llama, mistral"),
        ({"model_type": ["llama"]}, r'model_type is \["llama"\]'),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'; the decoder's MLP has silu, gelu_pytorch_tanh"),
        ({"hidden_act": None}, "hidden_act is null"),
        ({"attention_bias": None}, "attention_bias is null; it must be true or false"),
        ({"mlp_bias": 0}, "mlp_bias is 0; it must be true or false"),
        ({"is_causal": None}, "is_causal is null; the decoder never looks ahead: it must be true"),
        ({"layer_types": ["full_attention", "sliding_attention"]}, r"layer_types is .*every layer of this family is"),
        ({"sliding_window": 4096}, "sliding_window is 4096; attention of this family has no window: it must be null"),
        ({"model_type": "gemma", "use_bidirectional_attention": True}, "use_bidirectional_attention is true; the deco"),
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
        config_from_settings(SIZES | change, "here")


def test_values_that_are_no_obstacle():
    harmless = {
        "model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "is_causal": True,
        "layer_types": ["full_attention"] * 2, "sliding_window": None, "quantization_config": None,
        "per_layer_config": {}, "is_encoder_decoder": False,
    }  # fmt: skip
    assert config_from_settings(SIZES | harmless) == config_from_settings(SIZES)
    assert passed_over(SIZES | harmless) == []


def test_keys_that_nothing_reads_are_listed_in_the_order_of_the_file():
    unread = {"quirk": None, "a.b": {"c": 1}, "temperature": 0.6, "rope_interleaved": True}
    assert config_from_settings(unread | SIZES) == config_from_settings(SIZES)
    assert passed_over(unread | SIZES) == list(unread)


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_key_stands_in_one_list(model_type):
    keys = keys_of(model_type)
    lists = [keys.handled, keys.idle, keys.refused]
    assert sum(map(len, lists)) == len(set().union(*lists))
    assert keys.handled - {"sliding_window_pattern"} | set(keys.refused) <= keys.read
