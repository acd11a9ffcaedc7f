"""Arithmetic of a training step: its floating-point operations, and the memory that it needs on each device."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from commit_llm.model.adapter import FROZEN_DTYPE, declare_adapter, frozen_part
from commit_llm.model.choice_by_kind import windows_of_kinds
from commit_llm.model.config import ModelConfig
from commit_llm.model.head import head_name
from commit_llm.model.parameters import Parameter, declare
from commit_llm.parallel.mesh import RULES
from commit_llm.recipes import Recipe
from commit_llm.train.adapted import adapter_of
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
    """Hold bytes on each device.

    frozen: parameters that are not trained.
    rest: activations, logits, copies of weights in the compute dtype, buffers.
    """

    frozen: int
    parameters: int
    optimizer: int
    gradients: int
    rest: int

    @property
    def needed(self) -> int:
        return self.frozen + self.parameters + self.optimizer + self.gradients + self.rest


def estimate_memory(
    recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, *, scores: bool = True
) -> Memory:
    """Reckon what a step needs: exact for parameters and optimizer, the rest fitted to a compiler's figures.

    The compiler is the one for TPUs; docs/planning.md has the figures.

    mesh: devices along data, fsdp and tensor.
    compute_bytes: 4 for fp32 products, 2 for bf16.
    scores: whether the attention keeps them in memory (the reference path does, the fast ones do not).
    """
    adapter, declared = adapter_of(recipe), declare(config)
    trained = declared if adapter is None else declare_adapter(config, adapter)
    frozen = {} if adapter is None else frozen_part(declared, adapter)
    is_split = recipe.optimizer != "adamw"
    numbers = sum(_on_each(parameter, mesh) for parameter in _all(trained))
    in_layers = sum(_on_each(parameter, mesh) for parameter in trained["layers"].values())
    first = {"bfloat16": 2, "float32": 4}[recipe.momentum_dtype] * numbers
    second = 4 * sum(_second_moment(parameter, mesh, recipe) for parameter in _all(trained))
    # Gradients are summed over the parts of a batch, in fp32, beside those of the part under way.
    width = 2 if is_split else 4
    gradients = numbers * (width if recipe.gradient_accumulation == 1 else width + 4)
    is_head_frozen = adapter is not None and head_name(config) not in adapter.saved
    layer, head = _working(recipe, config, mesh, compute_bytes, scores, is_head_frozen)
    # XLA casts the trained kernels of all layers before the loop over them, where they have another dtype.
    cast = 0 if compute_bytes == width else in_layers * compute_bytes
    # The head's part is over before the gradients of the layers have a place, and that of the embedding comes after.
    embedding = 4 * _on_each(declared["embedding"], mesh) if is_split else 0
    backward = cast + _stored(recipe, config, mesh, compute_bytes, scores) + max(layer, head - width * in_layers)
    in_frozen = FROZEN_DTYPE.dtype.itemsize * sum(_on_each(parameter, mesh) for parameter in _all(frozen))
    return Memory(in_frozen, 4 * numbers, first + second, gradients, int(max(backward, embedding)))


def _second_moment(parameter: Parameter, mesh: Mapping[str, int], recipe: Recipe) -> int:
    """Count the numbers of a parameter's second moment that each device has."""
    if recipe.optimizer != "adamw-lean" or not parameter.is_matrix:
        return _on_each(parameter, mesh)
    (*stack, rows, columns), (*names, of_rows, of_columns) = parameter.shape, parameter.axes
    means = Parameter((*stack, rows), (*names, of_rows)), Parameter((*stack, columns), (*names, of_columns))
    return sum(_on_each(mean, mesh) for mean in means)


def _stored(recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, scores: bool) -> float:
    """Count the bytes of activations that all layers keep for the backward pass."""
    kept = _activations(recipe, config, mesh, compute_bytes, scores)
    per_layer = {
        "nothing": kept.stream,
        "dots": kept.stream + kept.products,
        "none": 6 * kept.stream + 2 * kept.products + kept.more_norms + kept.weights,
    }
    return config.num_hidden_layers * per_layer[recipe.remat] + kept.more_masks


def _working(
    recipe: Recipe,
    config: ModelConfig,
    mesh: Mapping[str, int],
    compute_bytes: int,
    scores: bool,
    is_head_frozen: bool,
) -> tuple[float, float]:
    """Count the bytes that the layer under way takes in the backward pass, and those of the head with its loss."""
    kept = _activations(recipe, config, mesh, compute_bytes, scores)
    shapes = [parameter.shape[1:] for parameter in declare(config)["layers"].values()]
    gathered = sum(map(math.prod, shapes)) / mesh["tensor"] * compute_bytes  # along fsdp, and their gradients again
    layer = 2 * gathered + 6 * kept.stream + kept.products + kept.more_norms + kept.weights
    rows = _rows(recipe, mesh)
    vocab = config.vocab_size / mesh["tensor"]
    logits = rows * (chunk_of(rows, recipe.seq_len, int(vocab)) or recipe.seq_len) * vocab
    # A head in bfloat16 is used as it lies where it is neither cast nor gathered. A frozen one has no gradient.
    is_bf16 = is_head_frozen or recipe.optimizer != "adamw"
    is_used_as_it_lies = is_bf16 and mesh["fsdp"] == 1 and compute_bytes == FROZEN_DTYPE.dtype.itemsize
    matrix = (0 if is_used_as_it_lies else compute_bytes) + (0 if is_head_frozen else 4)
    head = vocab * config.hidden_size * matrix + logits * (4 + compute_bytes)
    return layer, head


class _Activations(NamedTuple):
    """Hold bytes on each device, of one layer but for the masks.

    stream: what goes from layer to layer.
    products: of all matrices.
    more_norms: of norms that plain LLaMA has not.
    weights: of the attention, with what its gradient needs of the scores.
    more_masks: that the second and later windows need, for all layers.
    """

    stream: float
    products: float
    more_norms: float
    weights: float
    more_masks: float


def _activations(
    recipe: Recipe, config: ModelConfig, mesh: Mapping[str, int], compute_bytes: int, scores: bool
) -> _Activations:
    rows, tensor = _rows(recipe, mesh), mesh["tensor"]
    numbers = rows * recipe.seq_len * compute_bytes
    stream = numbers * config.hidden_size
    turned = numbers * (config.num_attention_heads + config.num_key_value_heads) * config.head_dim / tensor
    products = 2 * turned + numbers * 3 * config.intermediate_size / tensor
    more_norms = (0 if config.qk_norm == "none" else turned) + (2 * stream if config.norms == "around" else 0)
    if not scores:
        return _Activations(stream, products, more_norms, 0, 0)
    square = rows * recipe.seq_len**2
    # Scores that are capped are kept beside the weights. A window hides scores and saves none.
    bytes_a_score = 4 + compute_bytes + (0 if config.attn_logit_softcapping is None else 4)
    windows = set(windows_of_kinds(config, recipe.seq_len))
    weights = square * config.num_attention_heads / tensor * bytes_a_score
    return _Activations(stream, products, more_norms, weights, square * (len(windows) - 1))


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
