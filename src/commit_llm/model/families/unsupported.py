"""Refuse models that the decoder does not compute, by what they are, and say what to use instead."""

import re
from collections.abc import Mapping
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.model.families.family import FAMILIES, TEXT_PARTS

MIXTURE, DENSE = "is a mixture of experts", "a dense model (a Mistral 7B, a Qwen 3 or an OLMo 2)"
EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")  # keys of mixtures of them
# What a model_type is, by a pattern of its whole name; the first that fits counts. Then: what to use instead.
UNSUPPORTED = (
    (
        r"gemma4\w*|gemma3n\w*",
        "has embeddings for each layer and layers that share keys",
        "a Gemma 3 (270m, 1b, 4b, 12b, 27b)",
    ),
    (
        r"qwen3_next\w*|qwen3_(5|6)\w*|kimi_linear",
        "has delta-net layers beside attention",
        "a Qwen 3 (0.6B, 1.7B, 4B, 8B)",
    ),
    (
        r"\w*mamba\w*|jamba|bamba|zamba\d*|rwkv\w*|falcon_h1|lfm2\w*|nemotron_h|granitemoehybrid|recurrent_gemma|xlstm",
        "has state-space, recurrent or convolution layers beside attention, or instead",
        "a Granite 3, a Qwen 3 or an OLMo 2",
    ),
    (
        r"\w*moe\w*|mixtral|deepseek_v\d+|kimi_k\d+|minimax\w*|gpt_oss|llama4\w*|dbrx|jetmoe|arctic|hunyuan_v1_moe|ernie4_5_moe",
        MIXTURE,
        DENSE,
    ),
    (
        r"\w*_audio\w*|\w*_speech\w*|\w*_omni\w*|\w*_vl\w*|\w*llava\w*|mllama|paligemma|idefics\d*|smolvlm|mistral3|pixtral|internvl\w*|\w*vision\w*|aya_vision",
        "has a tower for images or sounds",
        "the text model of the same family",
    ),
    (
        r"phi\w*",
        "has fused projections, or blocks of another form",
        "a SmolLM3 3B, a Qwen 3 4B or a Llama 3.2 3B",
    ),
    (
        r"t5gemma\w*|\w*bert\w*|xlm_\w*|xlm-\w*|t5|mt5|umt5|\w*bart\w*|m2m_100|electra|whisper",
        "is an encoder, or has one",
        "a decoder that continues text, such as a Qwen 3 0.6B",
    ),
)


def require_family(settings: Mapping[str, Any], source: str) -> str:
    """Give the model_type of a config.json; an absent one is LLaMA's. Raise UserError where the decoder has it not."""
    model_type = settings.get("model_type", "llama")
    if isinstance(model_type, str) and model_type in FAMILIES:
        return model_type
    wrong = f"{source}: model_type is {shown(model_type)}"
    if any(key in settings for key in EXPERTS):
        raise UserError(f"{wrong}: it {MIXTURE}, which COMMIT's decoder does not compute; use {DENSE}")
    for pattern, what, instead in UNSUPPORTED:
        if isinstance(model_type, str) and re.fullmatch(pattern, model_type):
            raise UserError(f"{wrong}: it {what}, which COMMIT's decoder does not compute; use {instead}")
    raise UserError(
        f"{wrong}; COMMIT's decoder expresses {', '.join([*FAMILIES, *TEXT_PARTS])}; docs/models.md names their models"
    )
