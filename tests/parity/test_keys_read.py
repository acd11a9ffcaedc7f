"""The list of keys that transformers reads, and what each class makes of null, absence and two rotary settings."""

import copy

import pytest

from commit_llm.errors import UserError
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.families.family import FAMILIES, FULL, SIZES, SLIDING
from commit_llm.model.families.keys_read import KEYS_READ

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.keys_read import keys_of
from tests.parity.reading import require_same, their_reading

LAYERS = 6
TINY = {
    "vocab_size": 100, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": LAYERS,
    "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": None,
}  # fmt: skip
DEFAULT = {"rope_type": "default"}
LLAMA_3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
YARN = {"type": "yarn", "factor": 4.0}
EACH_TYPE = {FULL: {"rope_type": "linear", "factor": 8.0, "rope_theta": 2e6}, SLIDING: DEFAULT | {"rope_theta": 2e4}}
LAST_SLIDES = [FULL] * (LAYERS - 1) + [SLIDING]
WINDOW = {"sliding_window": 9}
CHANGES = [
    {},
    # one rotary setting, two, and old names in new places
    {"rope_theta": 5e5},
    {"rope_scaling": None, "rope_parameters": None},
    {"rope_scaling": {}, "rope_parameters": {"rope_theta": 6e4, "rope_type": "default"}, "rope_theta": 5e5},
    {"rope_scaling": {"type": "default"}, "rope_theta": 5e5},
    {"rope_scaling": {"rope_theta": 7e4}, "rope_theta": 5e5, "rope_parameters": {"rope_theta": 6e4}},
    {"rope_scaling": {"rope_type": "default", "type": "linear"}},
    {"rope_theta": None, "rope_parameters": {"rope_theta": 6e4}},
    {"rope_scaling": {"rope_type": "linear", "factor": 4.0}, "rope_theta": 5e5},
    {"rope_scaling": {"type": "linear", "factor": 4}},
    {"rope_scaling": YARN},
    {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
    {"rope_scaling": YARN | {"original_max_position_embeddings": 100, "attention_factor": 1.5, "truncate": False}},
    {"rope_scaling": YARN | {"rope_type": "yarn", "beta_fast": 16, "beta_slow": 2, "mscale": 0.7, "mscale_all_dim": 1}},
    {"rope_scaling": LLAMA_3, "rope_theta": 5e5},
    {"rope_parameters": LLAMA_3 | {"original_max_position_embeddings": 512, "rope_theta": 5e5}},
    {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 2e6}},
    {"rope_parameters": EACH_TYPE},
    {"rope_parameters": EACH_TYPE, "rope_theta": 3e3, "rope_local_base_freq": 4e3},
    {"rope_parameters": EACH_TYPE, "rope_scaling": {"rope_type": "linear", "factor": 3.0}},
    {"rope_parameters": {FULL: {"rope_theta": 3e3}}, "rope_theta": 5e5},
    {"rope_parameters": {SLIDING: DEFAULT | {"rope_theta": 3e3}}, "rope_theta": 5e5},
    {"rope_local_base_freq": 3e4, "rope_theta": 5e5},
    # sizes, activations, biases
    {"num_key_value_heads": 4, "head_dim": 20, "max_position_embeddings": 77, "rms_norm_eps": 1e-4},
    {"hidden_act": "gelu_pytorch_tanh"},
    {"hidden_act": "swish"},
    {"hidden_activation": "gelu_pytorch_tanh", "hidden_act": "silu"},
    {"attention_bias": True},
    {"mlp_bias": True},
    {"tie_word_embeddings": True},
    {"tie_word_embeddings": False},
    # windows
    WINDOW,
    WINDOW | {"use_sliding_window": True, "max_window_layers": 1},
    {"sliding_window": None, "use_sliding_window": True, "max_window_layers": 1},
    WINDOW | {"use_sliding_window": True, "max_window_layers": 0},
    {"layer_types": [FULL] * LAYERS, "sliding_window": None, "partial_rotary_factor": 1.0},
    WINDOW | {"layer_types": LAST_SLIDES},
    WINDOW | {"layer_types": LAST_SLIDES, "use_sliding_window": True},
    {"layer_types": LAST_SLIDES},
    {"layer_types": [FULL] * (LAYERS - 1)},
    {"sliding_window_pattern": 2},
    {"_sliding_window_pattern": 2},
    {"no_rope_layers": [1, 0] * (LAYERS // 2)},
    {"no_rope_layer_interval": 2},
    {"no_rope_layers": [1, 0] * (LAYERS // 2), "sliding_window": 5, "use_sliding_window": True},
    # scores, logits, multipliers
    {"attn_logit_softcapping": 20.0, "final_logit_softcapping": 10.0, "query_pre_attn_scalar": 30},
    {"attention_multiplier": 0.3, "embedding_multiplier": 5.0, "residual_multiplier": 0.5, "logits_scaling": 3.0},
    {"use_bidirectional_attention": True},
]
# What a class passes over, or takes for more than it says, is refused here.
STRICTER = (
    "attention of this family has no window", "every layer of this family is",
    "all layers of this family have one rotary embedding here",
    "the decoder never looks ahead", "no layer of this family caps its scores", "name it 'rope_type'",
)  # fmt: skip
# What a class refuses, and is read here: null as older versions read it, or what has no effect.
MILDER = (
    {"num_key_value_heads": None}, {"head_dim": None}, {"layer_types": [FULL] * (LAYERS - 1)},
    {"rope_scaling": {}, "rope_parameters": {"rope_theta": 6e4, "rope_type": "default"}, "rope_theta": 5e5},
    {"rope_scaling": {"rope_theta": 7e4}, "rope_theta": 5e5, "rope_parameters": {"rope_theta": 6e4}},
)  # fmt: skip

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("model_type", KEYS_READ)
def test_the_list_has_every_key_that_transformers_reads(model_type):
    """Else write it anew with `python -m tests.parity.keys_read`; model/families/keys.py says what becomes of each."""
    assert keys_of(model_type) - KEYS_READ[model_type] == set()


def test_what_is_looked_up_in_code_is_seen():
    keys = keys_of("mistral")
    assert {"sliding_window", "hidden_size", "rope_theta", "partial_rotary_factor", "quantization_config"} <= keys
    assert "get_text_config" not in keys


@pytest.mark.parametrize("model_type", FAMILIES)
def test_a_configuration_is_read_as_transformers_reads_it(model_type):
    """Each change by itself, and null for each key."""
    nulls = [{key: None} for key in (*SIZES, *FAMILIES[model_type].defaults, "partial_rotary_factor")]
    outcomes = [outcome(TINY | {"model_type": model_type} | change, change) for change in [*CHANGES, *nulls]]
    assert [text for text in outcomes if text not in ("same", "refused", "read here alone")] == []
    assert outcomes[0] == "same"
    assert outcomes.count("same") >= 20


def outcome(settings, change):
    """Say what becomes of a config.json here and there."""
    ours, theirs = attempt(config_from_settings, settings), attempt(their_reading, settings)
    ours_refuses, theirs_refuses = isinstance(ours, UserError), isinstance(theirs, Exception)
    if ours_refuses and (theirs_refuses or any(reason in str(ours) for reason in STRICTER)):
        return "refused"
    if theirs_refuses and change in MILDER:
        return "read here alone"
    if ours_refuses or theirs_refuses:
        return f"{change}: {ours!r}, {theirs!r}"
    try:
        require_same(ours, theirs)
    except AssertionError as error:
        return f"{change}: {error}"
    return "same"


def attempt(read, settings):
    """Give what is read, or why it is not."""
    try:
        return read(copy.deepcopy(settings))
    except Exception as error:
        return error
