"""Tiny models of every family, by their config.json: what tests hold to transformers, and the README's table lists."""

from typing import Any

BASE: dict[str, Any] = {
    "vocab_size": 132, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 4, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256, "bos_token_id": None, "eos_token_id": None,
    "pad_token_id": None,
}  # fmt: skip
ROUNDED = {"hidden_size": 72}  # bf16 has its root, 8.485, as 8.5
WINDOW = 7
LLAMA_3 = {
    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32, "rope_theta": 10000.0,
}  # fmt: skip
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "rope_theta": 10000.0}

# By the name of a variant: its config.json, in the form of transformers 5.
CASES: dict[str, dict[str, Any]] = {
    "llama 2": BASE | {"model_type": "llama", "num_key_value_heads": 4},
    "llama 3.1": BASE | {"model_type": "llama", "rope_parameters": LLAMA_3},
    "llama 3.2": BASE
    | {"model_type": "llama", "rope_parameters": LLAMA_3, "head_dim": 24, "tie_word_embeddings": True},
    "llama, linear": BASE
    | {"model_type": "llama", "rope_parameters": {"rope_type": "linear", "factor": 3.0, "rope_theta": 10000.0}},
    "llama, yarn": BASE | {"model_type": "llama", "rope_parameters": YARN},
    "llama, biases": BASE | {"model_type": "llama", "attention_bias": True, "mlp_bias": True},
    "mistral, window": BASE | {"model_type": "mistral", "sliding_window": WINDOW},
    "mistral": BASE | {"model_type": "mistral", "sliding_window": None, "head_dim": 32},
    "qwen 2": BASE | {"model_type": "qwen2"},
    "qwen 2, window": BASE
    | {
        "model_type": "qwen2", "use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 2,
        "tie_word_embeddings": True,
    },
    "qwen 3": BASE | {"model_type": "qwen3", "head_dim": 32},
    "gemma 1": BASE | ROUNDED | {"model_type": "gemma", "head_dim": 32},
    "gemma 2": BASE
    | ROUNDED
    | {
        "model_type": "gemma2", "head_dim": 32, "query_pre_attn_scalar": 24, "sliding_window": WINDOW,
        "attn_logit_softcapping": 3.0, "final_logit_softcapping": 4.0,
    },
    "gemma 3": BASE
    | ROUNDED
    | {
        "model_type": "gemma3_text", "num_key_value_heads": 1, "head_dim": 32, "query_pre_attn_scalar": 24,
        "sliding_window": WINDOW,
        "layer_types": ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
    },
    "olmo 2": BASE | {"model_type": "olmo2"},
    "olmo 3": BASE
    | {
        "model_type": "olmo3", "sliding_window": WINDOW,
        "rope_parameters": {
            "full_attention": YARN,
            "sliding_attention": {"rope_type": "default", "rope_theta": 5e5},
        },
    },
    "smollm 3": BASE | {"model_type": "smollm3", "rope_parameters": {"rope_type": "default", "rope_theta": 5e6}},
    "granite": BASE
    | {
        "model_type": "granite", "embedding_multiplier": 3.0, "attention_multiplier": 0.15,
        "residual_multiplier": 0.6, "logits_scaling": 2.0, "tie_word_embeddings": True,
    },
}  # fmt: skip

# What people know of each family, by model_type.
MODELS = {
    "llama": "Llama 2, 3, 3.1, 3.2; TinyLlama, SmolLM2, Yi",
    "mistral": "Mistral 7B, Nemo",
    "qwen2": "Qwen 2, 2.5",
    "qwen3": "Qwen 3",
    "gemma": "Gemma 1",
    "gemma2": "Gemma 2",
    "gemma3_text": "Gemma 3 (text)",
    "olmo2": "OLMo 2",
    "olmo3": "OLMo 3",
    "smollm3": "SmolLM3",
    "granite": "Granite 3",
}
