"""Models that the decoder does not compute are refused by what they are, with another to use."""

import pytest

from commit_llm.errors import UserError
from commit_llm.model.families.config_json import config_from_settings
from tests.model.families.test_config_json import SIZES


@pytest.mark.parametrize(
    ("model_type", "message"),
    [
        ("mixtral", "is a mixture of experts.*; use a dense model"),
        ("qwen3_moe", "is a mixture of experts"),
        ("deepseek_v3", "is a mixture of experts"),
        ("gpt_oss", "is a mixture of experts"),
        ("llama4_text", "is a mixture of experts"),
        ("granitemoe", "is a mixture of experts"),
        ("granitemoehybrid", "has state-space, recurrent or convolution layers"),
        ("mamba2", "has state-space"),
        ("lfm2", "has state-space"),
        ("nemotron_h", "has state-space"),
        ("qwen3_next", "has delta-net layers.*; use a Qwen 3"),
        ("qwen3_5", "has delta-net layers"),
        ("qwen3_5_moe", "has delta-net layers"),
        ("gemma4", "has embeddings for each layer.*; use a Gemma 3"),
        ("gemma4_text", "has embeddings for each layer"),
        ("gemma3n_text", "has embeddings for each layer"),
        ("qwen2_5_vl", "has a tower for images or sounds.*; use the text model of the same family"),
        ("mllama", "has a tower"),
        ("llava_next", "has a tower"),
        ("qwen2_audio", "has a tower"),
        ("phi3", "has fused projections.*; use a SmolLM3"),
        ("phi", "has fused projections"),
        ("xlm-roberta", "is an encoder, or has one"),
        ("t5gemma", "is an encoder, or has one"),
        ("deepseek_v32", "is a mixture of experts"),
        ("mt5", "is an encoder, or has one"),
    ],
)
def test_refused_by_name(model_type, message):
    with pytest.raises(UserError, match=f"^here: model_type is '{model_type}': it {message}"):
        config_from_settings(SIZES | {"model_type": model_type}, "here")


@pytest.mark.parametrize("model_type", ["gpt2", "opt", "cohere", "", "LLAMA", 7, None])
def test_any_other_is_refused_with_those_that_are_computed(model_type):
    with pytest.raises(UserError, match=r"; COMMIT's decoder expresses llama, .*, gemma3; docs/models.md"):
        config_from_settings(SIZES | {"model_type": model_type})


@pytest.mark.parametrize("key", ["num_experts", "num_local_experts", "n_routed_experts"])
def test_a_mixture_that_is_new_is_known_by_its_keys(key):
    with pytest.raises(UserError, match="model_type is 'new': it is a mixture of experts"):
        config_from_settings(SIZES | {"model_type": "new", key: 8})
