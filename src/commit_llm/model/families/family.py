"""Hold the table of families: a row for each model_type of a config.json that the decoder computes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commit_llm.model.config import ATTENTION_BIASES, MLP_BIASES

Settings = Mapping[str, Any]  # of a config.json
SIZES = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
FULL, SLIDING = "full_attention", "sliding_attention"  # the values of a config.json's `layer_types`
QKV = ATTENTION_BIASES[:3]
BIASES = {"attention_bias": ATTENTION_BIASES, "mlp_bias": MLP_BIASES}


def _all_full(settings: Settings) -> list[str]:
    return [FULL] * settings["num_hidden_layers"]


def _all_sliding(settings: Settings) -> list[str]:
    return [FULL if settings["sliding_window"] is None else SLIDING] * settings["num_hidden_layers"]


def _slides(settings: Settings) -> bool:
    return settings["use_sliding_window"] and settings["sliding_window"] is not None


def _sliding_from(settings: Settings) -> list[str]:
    """Slide in the layers from `max_window_layers` on, where `use_sliding_window` asks for it."""
    first = settings["max_window_layers"] if _slides(settings) else settings["num_hidden_layers"]
    return [SLIDING if layer >= first else FULL for layer in range(settings["num_hidden_layers"])]


def _full_every(number: int | None = None) -> Callable[[Settings], list[str]]:
    """Slide but in each layer of so many that is their last; None: of as many as `sliding_window_pattern` says."""

    def layer_types(settings: Settings) -> list[str]:
        every = settings["sliding_window_pattern"] if number is None else number
        return [SLIDING if (layer + 1) % every else FULL for layer in range(settings["num_hidden_layers"])]

    return layer_types


def _sliding_without_rope(settings: Settings) -> list[str]:
    """Slide in the layers without rotary embedding, where `use_sliding_window` asks for it."""
    return [SLIDING if _slides(settings) and not turned else FULL for turned in settings["no_rope_layers"]]


@dataclass(frozen=True)
class Family:
    """Describe a family as its configuration's class in transformers does.

    architecture: the class of the model, for a config.json that names none.
    defaults: what an absent key stands for. These keys are read, beside those of SIZES and of rotary scaling.
    biases: by key, the kernels that have a bias where it is true; of the keys in defaults.
    implied: fields of ModelConfig that no key says.
    scaled_embedding: whether embeddings are multiplied by the root of the hidden size.
    layer_types: gives the type of each layer where no list says it.
    ignores_layer_types: whether a list says nothing.
    rope_by_layer_type: whether sliding layers have a rotary embedding of their own.
    activations: further names of an activation, as this family means them.
    """

    architecture: str
    defaults: Settings
    biases: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: BIASES)
    implied: Mapping[str, Any] = field(default_factory=dict)
    scaled_embedding: bool = False
    layer_types: Callable[[Settings], list[str]] = _all_full
    ignores_layer_types: bool = False
    rope_by_layer_type: bool = False
    activations: Mapping[str, str] = field(default_factory=dict)


PLAIN: dict[str, Any] = {
    "num_key_value_heads": None, "head_dim": None, "max_position_embeddings": 2048, "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False, "rope_theta": 1e4,
}  # fmt: skip
SILU = PLAIN | {"hidden_act": "silu"}
GEMMA = PLAIN | {
    "head_dim": 256, "max_position_embeddings": 8192, "tie_word_embeddings": True, "attention_bias": False
}  # fmt: skip
GEMMA_2 = GEMMA | {
    "num_key_value_heads": 4, "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 256,
    "sliding_window": 4096, "layer_types": None, "final_logit_softcapping": 30.0,
}  # fmt: skip
QWEN = SILU | {
    "num_key_value_heads": 32, "max_position_embeddings": 32768, "use_sliding_window": False, "sliding_window": 4096,
    "max_window_layers": 28, "layer_types": None,
}  # fmt: skip
OLMO = SILU | {"rms_norm_eps": 1e-5, "attention_bias": False}

FAMILIES = {
    "llama": Family("LlamaForCausalLM", SILU | {"attention_bias": False, "mlp_bias": False}),
    "mistral": Family(
        "MistralForCausalLM",
        SILU | {"num_key_value_heads": 8, "max_position_embeddings": 131072, "sliding_window": 4096},
        layer_types=_all_sliding,
        ignores_layer_types=True,
    ),
    "qwen2": Family("Qwen2ForCausalLM", QWEN, implied={"biases": QKV}, layer_types=_sliding_from),
    "qwen3": Family(
        "Qwen3ForCausalLM",
        QWEN | {"head_dim": 128, "attention_bias": False},
        implied={"qk_norm": "head"},
        layer_types=_sliding_from,
    ),
    "gemma": Family(
        "GemmaForCausalLM",
        GEMMA | {"num_key_value_heads": 16, "hidden_act": "gelu_pytorch_tanh"},
        implied={"norm_offset": 1},
        scaled_embedding=True,
        activations={"gelu": "gelu_pytorch_tanh"},
    ),
    "gemma2": Family(
        "Gemma2ForCausalLM",
        GEMMA_2 | {"attn_logit_softcapping": 50.0},
        implied={"norm_offset": 1, "norms": "around"},
        scaled_embedding=True,
        layer_types=_full_every(2),
    ),
    "gemma3_text": Family(
        "Gemma3ForCausalLM",
        GEMMA_2
        | {
            "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
            "num_attention_heads": 8, "max_position_embeddings": 131072, "final_logit_softcapping": None,
            "sliding_window_pattern": 6, "rope_theta": 1e6, "rope_local_base_freq": 1e4,
        },
        implied={"norm_offset": 1, "norms": "around", "qk_norm": "head"},
        scaled_embedding=True,
        layer_types=_full_every(),
        rope_by_layer_type=True,
    ),
    "olmo2": Family("Olmo2ForCausalLM", OLMO, implied={"norms": "after", "qk_norm": "whole"}),
    "olmo3": Family(
        "Olmo3ForCausalLM",
        OLMO | {"sliding_window": 4096, "layer_types": None, "rope_theta": 5e5},
        implied={"norms": "after", "qk_norm": "whole"},
        layer_types=_full_every(4),
        rope_by_layer_type=True,
    ),
    "smollm3": Family(
        "SmolLM3ForCausalLM",
        SILU
        | {
            "num_key_value_heads": 4, "max_position_embeddings": 32768, "tie_word_embeddings": True,
            "attention_bias": False, "mlp_bias": False, "use_sliding_window": False, "sliding_window": None,
            "layer_types": None, "no_rope_layers": None, "no_rope_layer_interval": 4, "rope_theta": 2e6,
        },
        layer_types=_sliding_without_rope,
    ),
    "granite": Family(
        "GraniteForCausalLM",
        SILU
        | {
            "attention_bias": False, "mlp_bias": False, "attention_multiplier": 1.0, "embedding_multiplier": 1.0,
            "residual_multiplier": 1.0, "logits_scaling": 1.0,
        },
    ),
}  # fmt: skip

# A model_type whose file holds a decoder among other parts, and the decoder's.
TEXT_PARTS = {"gemma3": "gemma3_text"}
