"""The list of keys that transformers reads, and what its class makes of null, absence and two rotary settings."""

import copy

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.families.keys_read import KEYS_READ
from tests.model.families.test_config_json import SIZES

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.keys_read import keys_of  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("model_type", KEYS_READ)
def test_the_list_has_every_key_that_transformers_reads(model_type):
    """Else write it anew with `python -m tests.parity.keys_read`; model/families/keys.py says what becomes of each."""
    assert keys_of(model_type) - KEYS_READ[model_type] == set()


def test_what_is_looked_up_in_code_is_seen():
    keys = keys_of("mistral")
    assert {"sliding_window", "hidden_size", "rope_theta", "partial_rotary_factor", "quantization_config"} <= keys
    assert "get_text_config" not in keys


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"num_key_value_heads": None},
        {"num_key_value_heads": 2, "head_dim": None},
        {"head_dim": 20},
        {"max_position_embeddings": 77, "rms_norm_eps": 1e-4, "tie_word_embeddings": True},
        {"rope_theta": 5e5},
        {"rope_scaling": None, "rope_parameters": None},
        {"rope_scaling": {}, "rope_parameters": {"rope_theta": 6e4, "rope_type": "default"}, "rope_theta": 5e5},
        {"rope_scaling": {"type": "default"}, "rope_theta": 5e5},
        {"rope_scaling": {"rope_theta": 7e4}, "rope_theta": 5e5, "rope_parameters": {"rope_theta": 6e4}},
        {"rope_scaling": {"rope_type": "default", "type": "linear"}},
        {"rope_theta": None, "rope_parameters": {"rope_theta": 6e4}},
        {"layer_types": ["full_attention"] * 2, "sliding_window": None, "partial_rotary_factor": 1.0},
    ],
)
def test_a_configuration_is_read_as_transformers_reads_it(change):
    """A copy of the mapping for each: theirs changes what it is given."""
    ours = config_from_settings(SIZES | change)
    theirs = transformers.LlamaConfig(**copy.deepcopy(SIZES | change))
    for name in ModelConfig.__dataclass_fields__:
        value = theirs.rope_parameters["rope_theta"] if name == "rope_theta" else getattr(theirs, name)
        assert getattr(ours, name) == value, name
    assert theirs.rope_parameters["rope_type"] == "default"


@pytest.mark.parametrize(
    "key", ["attention_bias", "mlp_bias", "hidden_act", "tie_word_embeddings", "rms_norm_eps", "vocab_size"]
)
def test_where_null_is_refused_here_the_class_refuses_it_too(key):
    with pytest.raises(UserError, match=f"{key} is null"):
        config_from_settings(SIZES | {key: None})
    with pytest.raises(Exception, match=key):
        transformers.LlamaConfig(**SIZES | {key: None})
