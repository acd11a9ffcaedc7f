"""Refuse models that the decoder does not compute, by what they are, and say what to use instead."""

import re
from collections.abc import Mapping
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.model.families.family import FAMILIES, TEXT_PARTS

# What a model_type is, by a pattern of its whole name; the first that fits counts. Then: what to use instead.
KINDS = (
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
        r"\w*moe\w*|mixtral|deepseek_v[23]|gpt_oss|llama4\w*|dbrx|jetmoe|arctic|hunyuan_v1\w*|ernie4_5_moe",
        "is a mixture of experts",
        "a dense model (a Mistral 7B, a Qwen 3 or an OLMo 2)",
    ),
    (
        r"\w*_vl\w*|\w*llava\w*|mllama|paligemma|idefics\d*|smolvlm|mistral3|pixtral|internvl\w*|\w*vision\w*|aya_vision",
        "has a vision tower",
        "the text model of the same family",
    ),
    (
        r"phi\w*",
        "has fused projections and another rotary scaling",
        "a SmolLM3 3B, a Qwen 3 4B or a Llama 3.2 3B",
    ),
    (
        r"\w*bert\w*|xlm_\w*|xlm-\w*|t5|mt5|umt5|\w*bart\w*|m2m_100|electra|whisper",
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
    for pattern, what, instead in KINDS:
        if isinstance(model_type, str) and re.fullmatch(pattern, model_type):
            raise UserError(f"{wrong}: it {what}, which COMMIT's decoder does not compute; use {instead}")
    raise UserError(f"{wrong}; COMMIT's decoder expresses {', '.join([*FAMILIES, *TEXT_PARTS])}")
