"""Arithmetic of a training step: its floating-point operations, and the memory that it needs on each device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameter, declare
from commit_llm.parallel.mesh import RULES
from commit_llm.train.recipes import Recipe

GIB = 2**30


def training_flops_a_token(config: ModelConfig, seq_len: int) -> float:
    """Floating-point operations that training on one token takes, a multiplication and an addition being two.

    A matrix of n numbers takes 2n forward and twice that backward, so 6n: all those of the layers, and the head;
    looking up an embedding takes none. Scores and their product with the values take 12 L H D T, and half of that
    where a query sees only the keys before it: 6 L H D T (L layers, H query heads of size D, T tokens a row). What is
    computed a second time to save memory does not count (Chowdhery et al., "PaLM", 2022, appendix B).

    >>> sizes = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32)
    >>> llama_7b = ModelConfig(vocab_size=32000, num_key_value_heads=32, head_dim=128, **sizes)
    >>> print(f"{training_flops_a_token(llama_7b, 512) / 1e9:.2f} GFLOP")
    40.05 GFLOP
    """
    attention = config.num_hidden_layers * config.num_attention_heads * config.head_dim * seq_len
    head = config.vocab_size * config.hidden_size
    kernels = sum(math.prod(parameter.shape) for parameter in declare(config)["layers"].values() if not parameter.ones)
    return 6.0 * (kernels + head + attention)


def hours(flops: float, *, peak: float, devices: int, mfu: float) -> float:
    """Hours that so many operations take on devices of a peak in TFLOP/s, of which a share mfu (0 to 1) is reached."""
    return flops / (mfu * peak * 1e12 * devices) / 3600


@dataclass(frozen=True)
class Memory:
    """Bytes on each device. rest: activations, logits, copies of weights in the compute dtype, buffers."""

    parameters: int
    optimizer: int
    gradients: int
    rest: int

    @property
    def needed(self) -> int:
        return self.parameters + self.optimizer + self.gradients + self.rest


def estimate_memory(recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int) -> Memory:
    """What a step needs by arithmetic: exact for parameters and optimizer, about right for the rest.

    mesh: devices along data, fsdp and tensor; compute_bytes: 4 for fp32 products, 2 for bf16.
    """
    declared = declare(config)
    layers = declared["layers"].values()
    parameters = 4 * sum(_on_each(parameter, mesh) for parameter in _all(declared))
    moments = {"bfloat16": 2, "float32": 4}[recipe.momentum_dtype] + 4  # the second moment is fp32
    optimizer = parameters // 4 * moments
    # Gradients are summed over the parts of a batch, beside those of the part under way.
    gradients = parameters * (1 if recipe.gradient_accumulation == 1 else 2)
    weights = max(4, compute_bytes) * max(sum(map(math.prod, (p.shape[1:] for p in layers))) // mesh["tensor"], 1)
    return Memory(parameters, optimizer, gradients, weights + _activations(recipe, config, mesh, compute_bytes))


def _activations(recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int) -> int:
    rows = math.ceil(recipe.batch_size / recipe.gradient_accumulation / (mesh["data"] * mesh["fsdp"]))
    tokens, tensor = rows * recipe.seq_len, mesh["tensor"]
    heads = config.num_attention_heads / tensor
    stream = tokens * config.hidden_size * compute_bytes  # what goes from layer to layer
    products = tokens * compute_bytes / tensor
    products *= 2 * config.num_attention_heads * config.head_dim + 2 * config.num_key_value_heads * config.head_dim
    products += tokens * compute_bytes * 3 * config.intermediate_size / tensor
    scores = rows * heads * recipe.seq_len**2 * (4 + compute_bytes)  # fp32, and as weights of the values
    kept = {"nothing": stream, "dots": stream + products, "none": 4 * stream + 2 * products + scores}[recipe.remat]
    in_layer = 6 * stream + 2 * products + 2 * scores  # the layer under way, and its gradients
    logits = tokens * config.vocab_size / tensor * (4 + 4 + compute_bytes)  # fp32 logits, their gradient, a copy
    return int(config.num_hidden_layers * kept + max(in_layer, logits))


def _all(declared: Mapping[str, Any]) -> list[Parameter]:
    return [
        parameter for node in declared.values() for parameter in (node.values() if isinstance(node, dict) else (node,))
    ]


def _on_each(parameter: Parameter, mesh: Mapping[str, int]) -> int:
    """How many numbers of a parameter each device holds."""
    rules = [RULES[axis] for axis in parameter.axes]
    return math.prod(parameter.shape) // math.prod(mesh[rule] for rule in rules if isinstance(rule, str))
