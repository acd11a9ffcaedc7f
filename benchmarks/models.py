"""Define the models that several benchmarks run, with random weights, and count the layers that fit a GPU."""

import dataclasses
from typing import Any

from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import plain_settings
from commit_llm.model.parameters import count_parameters

# vocabulary, width, inner width, layers, heads, key-value heads, head, positions
MODELS = {
    "tiny": ModelConfig(256, 64, 128, 2, 4, 2, 16, 256),  # to see that a benchmark starts
    "1B": ModelConfig(32000, 2048, 5632, 22, 32, 4, 64, 2048),  # TinyLlama's sizes
    "7B": ModelConfig(32000, 4096, 11008, 32, 32, 32, 128, 2048),  # LLaMA's
    "8B": ModelConfig(128256, 4096, 14336, 32, 32, 8, 128, 2048),  # Llama 3.1's
}
# Of training, the contender that needs most: fp32 weights, both moments and gradients, and weights in bf16.
BYTES_A_PARAMETER = 18
# Ours, by what is trained and how, with gradients; of LoRA the frozen base.
BYTES_OF_OURS = {"adamw": 16, "adamw-split": 12, "adamw-lean": 8, "lora": 2}
ROOM_OF_OURS = 4  # GiB: what the compiler takes beside the state, with the layer under way and a chunk of the logits
USABLE = 0.9  # share of a GPU's memory, the rest being the CUDA context's and lost between blocks
GIB = 2**30


def layers_that_fit(config: ModelConfig, gib: float, tokens: int) -> int:
    """Count the layers of a model that can be trained in some GiB; 0 where not one can.

    tokens is of a step; every layer is recomputed in the backward pass. The count is for the contender that needs most,
    roughly and with room to spare, so that all contenders train the same model.

    >>> [layers_that_fit(MODELS["7B"], gib, 16 * 512) for gib in (24, 79.6, 140.4)]
    [3, 17, 32]
    """
    with_one_layer = count_parameters(dataclasses.replace(config, num_hidden_layers=1))
    layer = count_parameters(dataclasses.replace(config, num_hidden_layers=2)) - with_one_layer
    layer_input = 2 * tokens * config.hidden_size  # in bf16, kept for the backward pass
    logits = 14 * tokens * config.vocab_size  # bf16 and three times fp32: themselves, their logarithms, gradients
    working = 2 * tokens * (16 * config.hidden_size + 6 * config.intermediate_size)  # of the layer under way
    room = USABLE * gib * GIB - BYTES_A_PARAMETER * (with_one_layer - layer) - logits - working
    return max(0, min(config.num_hidden_layers, int(room // (BYTES_A_PARAMETER * layer + layer_input))))


def our_layers_that_fit(config: ModelConfig, gib: float, way: str) -> int:
    """Count the layers of a model that ours can train in some GiB, as `layers_that_fit` does; way: of BYTES_OF_OURS.

    >>> [our_layers_that_fit(MODELS["8B"], 79.6, way) for way in BYTES_OF_OURS]
    [15, 22, 32, 32]
    """
    with_one_layer = count_parameters(dataclasses.replace(config, num_hidden_layers=1))
    layer = count_parameters(dataclasses.replace(config, num_hidden_layers=2)) - with_one_layer
    room = (USABLE * gib - ROOM_OF_OURS) * GIB / BYTES_OF_OURS[way] - (with_one_layer - layer)
    return max(0, min(config.num_hidden_layers, int(room // layer)))


def their_model(config: ModelConfig, dtype: Any, device: str) -> Any:
    """Make the same model in transformers, with the attention of PyTorch (SDPA) and other random weights."""
    import torch
    import transformers

    if device == "cpu":
        torch.set_num_threads(1)
    settings = transformers.LlamaConfig(**plain_settings(config, "float32"), attn_implementation="sdpa")
    torch.set_default_dtype(dtype)
    with torch.device(device):
        model = transformers.LlamaForCausalLM(settings)
    torch.set_default_dtype(torch.float32)
    return model
