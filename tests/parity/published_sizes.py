"""Sizes of published models, as far as memory and attention depend on them; the rest is what the class has."""

from typing import Any


def _sizes(
    model_type: str, vocabulary: int, hidden: int, mlp: int, layers: int, heads: int, kv_heads: int, **other: Any
) -> dict[str, Any]:
    return {
        "model_type": model_type, "vocab_size": vocabulary, "hidden_size": hidden, "intermediate_size": mlp,
        "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads,
    } | other  # fmt: skip


TIED = {"tie_word_embeddings": True}
SIZES_OF_MODELS = {
    "SmolLM2 360M": _sizes("llama", 49152, 960, 2560, 32, 15, 5, **TIED),
    "Llama 3.2 1B": _sizes("llama", 128256, 2048, 8192, 16, 32, 8, **TIED),
    "Llama 2 7B": _sizes("llama", 32000, 4096, 11008, 32, 32, 32),
    "Llama 3.1 8B": _sizes("llama", 128256, 4096, 14336, 32, 32, 8),
    "Mistral 7B": _sizes("mistral", 32768, 4096, 14336, 32, 32, 8),
    "Qwen 2.5 0.5B": _sizes("qwen2", 151936, 896, 4864, 24, 14, 2, **TIED),
    "Qwen 2.5 7B": _sizes("qwen2", 152064, 3584, 18944, 28, 28, 4),
    "Qwen 3 0.6B": _sizes("qwen3", 151936, 1024, 3072, 28, 16, 8, **TIED),
    "Qwen 3 8B": _sizes("qwen3", 151936, 4096, 12288, 36, 32, 8),
    "Gemma 2B": _sizes("gemma", 256000, 2048, 16384, 18, 8, 1),
    "Gemma 2 2B": _sizes("gemma2", 256000, 2304, 9216, 26, 8, 4),
    "Gemma 2 9B": _sizes("gemma2", 256000, 3584, 14336, 42, 16, 8),
    "Gemma 3 270M": _sizes("gemma3_text", 262144, 640, 2048, 18, 4, 1),
    "Gemma 3 4B": _sizes("gemma3_text", 262208, 2560, 10240, 34, 8, 4),
    "OLMo 2 7B": _sizes("olmo2", 100352, 4096, 11008, 32, 32, 32),
    "OLMo 3 7B": _sizes("olmo3", 100278, 4096, 11008, 32, 32, 32),
    "SmolLM3 3B": _sizes("smollm3", 128256, 2048, 11008, 36, 16, 4),
    "Granite 3.1 2B": _sizes("granite", 49155, 2048, 8192, 40, 32, 8, **TIED),
}
