"""Arithmetic of a training step: its floating-point operations, and the memory that it needs on each device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameter, declare
from commit_llm.parallel.mesh import RULES
from commit_llm.recipes import Recipe
from commit_llm.train.loss import chunk_of

GIB = 2**30


def hours(flops: float, *, peak: float, devices: int, mfu: float) -> float:
    """Give the hours that so many operations take on devices of which each reaches a share mfu of its peak.

    peak: TFLOP/s of each device.
    mfu: 0 to 1.
    """
    return flops / (mfu * peak * 1e12 * devices) / 3600


@dataclass(frozen=True)
class Memory:
    """Hold bytes on each device. rest: activations, logits, copies of weights in the compute dtype, buffers."""

    parameters: int
    optimizer: int
    gradients: int
    rest: int

    @property
    def needed(self) -> int:
        return self.parameters + self.optimizer + self.gradients + self.rest


def estimate_memory(
    recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, *, scores: bool = True
) -> Memory:
    """Reckon what a step needs: exact for parameters and optimizer, the rest fitted to a compiler's figures.

    The compiler is the one for TPUs; docs/planning.md has the figures.

    mesh: devices along data, fsdp and tensor.
    compute_bytes: 4 for fp32 products, 2 for bf16.
    scores: whether the attention keeps them in memory (the reference path does, the fast ones do not).
    """
    declared = declare(config)
    parameters = 4 * sum(_on_each(parameter, mesh) for parameter in _all(declared))
    moments = {"bfloat16": 2, "float32": 4}[recipe.momentum_dtype] + 4  # the second moment is fp32
    # Gradients are summed over the parts of a batch, beside those of the part under way.
    gradients = parameters * (1 if recipe.gradient_accumulation == 1 else 2)
    layers = 4 * sum(_on_each(parameter, mesh) for parameter in declared["layers"].values())
    # XLA casts the kernels of all layers before the loop over them.
    cast = 0 if compute_bytes == 4 else layers // 2
    layer, head = _working(recipe, config, mesh, compute_bytes, scores)
    # The head's part is over before the gradients of the layers have a place.
    rest = cast + _stored(recipe, config, mesh, compute_bytes, scores) + max(layer, head - layers)
    return Memory(parameters, parameters // 4 * moments, gradients, int(rest))


def _stored(recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, scores: bool) -> float:
    """Count the bytes of activations that all layers keep for the backward pass."""
    stream, products, weights = _activations(recipe, config, mesh, compute_bytes, scores)
    per_layer = {"nothing": stream, "dots": stream + products, "none": 6 * stream + 2 * products + weights}
    return config.num_hidden_layers * per_layer[recipe.remat]


def _working(
    recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, scores: bool
) -> tuple[float, float]:
    """Count the bytes that the layer under way takes in the backward pass, and those of the head with its loss."""
    stream, products, weights = _activations(recipe, config, mesh, compute_bytes, scores)
    shapes = [parameter.shape[1:] for parameter in declare(config)["layers"].values()]
    gathered = sum(map(math.prod, shapes)) / mesh["tensor"] * compute_bytes  # along fsdp, and their gradients again
    layer = 2 * gathered + 6 * stream + products + weights
    rows = _rows(recipe, mesh)
    vocab = config.vocab_size / mesh["tensor"]
    logits = rows * (chunk_of(rows, recipe.seq_len, int(vocab)) or recipe.seq_len) * vocab
    head = vocab * config.hidden_size * (compute_bytes + 4) + logits * (4 + compute_bytes)
    return layer, head


def _activations(
    recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, scores: bool
) -> tuple[float, float, float]:
    """Count the bytes of what goes from layer to layer, of all products of a layer, and of its attention weights."""
    rows, tensor = _rows(recipe, mesh), mesh["tensor"]
    numbers = rows * recipe.seq_len * compute_bytes
    heads = (2 * config.num_attention_heads + 2 * config.num_key_value_heads) * config.head_dim
    products = numbers * (heads + 3 * config.intermediate_size) / tensor
    weights = rows * config.num_attention_heads / tensor * recipe.seq_len**2 * (4 + compute_bytes) if scores else 0
    return numbers * config.hidden_size, products, weights


def _rows(recipe: Recipe, mesh: Mapping[str, int]) -> int:
    """Count the rows that a device has at a time."""
    return math.ceil(recipe.batch_size / recipe.gradient_accumulation / (mesh["data"] * mesh["fsdp"]))


def _all(declared: Mapping[str, Any]) -> list[Parameter]:
    return [
        parameter for node in declared.values() for parameter in (node.values() if isinstance(node, dict) else (node,))
    ]


def _on_each(parameter: Parameter, mesh: Mapping[str, int]) -> int:
    """Count the numbers of a parameter that each device has."""
    rules = [RULES[axis] for axis in parameter.axes]
    return math.prod(parameter.shape) // math.prod(mesh[rule] for rule in rules if isinstance(rule, str))
