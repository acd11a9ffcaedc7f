"""Declare every parameter once: shape, logical axes, initialisation; and derive from it all that depends on these."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from commit_llm.model.config import ModelConfig

# A nested dict of arrays, with the keys of `declare`: {"embedding", "layers": {...}, "final_norm", "head"}.
Parameters = dict[str, Any]

INIT_STDDEV = 0.02  # of every kernel, the embedding and the head (docs/behaviour.md, "Model and training")


class Parameter(NamedTuple):
    """Declare one parameter.

    shape: the size of each dimension.
    axes: the logical name of each dimension; parallel/mesh.py maps names to mesh axes.
    begins: as which number, the same everywhere, like a norm or a bias; None: as random numbers, like a matrix.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    begins: float | None = None

    @property
    def is_matrix(self) -> bool:
        """Say whether it is a matrix; the others are norms and biases."""
        return self.begins is None


def declare(config: ModelConfig) -> dict[str, Any]:
    """Declare every parameter of the model. Kernels are (in, out); parameters of layers are stacked on axis 0.

    What a layer holds says what model/block.py computes.
    """
    embed, unit = config.hidden_size, 1.0 - config.norm_offset
    declared: dict[str, Any] = {
        "embedding": Parameter((config.vocab_size, embed), ("vocab", "embed")),
        "layers": map_declared(
            lambda one: Parameter((config.num_hidden_layers, *one.shape), ("layers", *one.axes), one.begins),
            _declare_layer(config, unit),
        ),
        "final_norm": Parameter((embed,), ("norm",), unit),
    }
    if not config.tie_word_embeddings:
        declared["head"] = Parameter((embed, config.vocab_size), ("embed", "vocab"))
    return declared


def _declare_layer(config: ModelConfig, unit: float) -> dict[str, Parameter]:
    """Declare the parameters of one layer; unit is what a norm begins as."""
    embed, mlp = ("embed", config.hidden_size), ("mlp", config.intermediate_size)
    heads = ("heads", config.num_attention_heads * config.head_dim)
    kv_heads = ("heads", config.num_key_value_heads * config.head_dim)
    kernels = {
        "query": (embed, heads), "key": (embed, kv_heads), "value": (embed, kv_heads), "output": (heads, embed),
        "gate": (embed, mlp), "up": (embed, mlp), "down": (mlp, embed),
    }  # fmt: skip
    declared = {}
    for name, ((in_axis, in_size), (out_axis, out_size)) in kernels.items():
        declared[name] = Parameter((in_size, out_size), (in_axis, out_axis))
        if name in config.biases:
            declared[f"{name}_bias"] = Parameter((out_size,), ("norm" if out_axis == "embed" else out_axis,), 0.0)
    norms: dict[str, int] = {}
    if config.norms != "after":
        norms |= {"attention_norm": embed[1], "mlp_norm": embed[1]}
    if config.norms != "before":
        norms |= {"attention_post_norm": embed[1], "mlp_post_norm": embed[1]}
    if config.qk_norm == "head":
        norms |= {"query_norm": config.head_dim, "key_norm": config.head_dim}
    if config.qk_norm == "whole":
        norms |= {"query_norm": heads[1], "key_norm": kv_heads[1]}
    return declared | {name: Parameter((size,), ("norm",), unit) for name, size in norms.items()}


def map_declared(function: Callable[[Parameter], Any], declared: dict[str, Any]) -> dict[str, Any]:
    """Apply a function to every Parameter of a declaration, and keep its keys."""
    return jax.tree.map(function, declared, is_leaf=lambda node: isinstance(node, Parameter))


def abstract_parameters(config: ModelConfig) -> dict[str, Any]:
    """Give the shape and dtype of every parameter, without numbers."""
    return abstract(declare(config))


def abstract(declared: dict[str, Any]) -> dict[str, Any]:
    """Give shapes and fp32 of what is declared, without numbers."""
    return map_declared(lambda parameter: jax.ShapeDtypeStruct(parameter.shape, jnp.float32), declared)


def init_parameters(config: ModelConfig, key: jax.Array) -> Parameters:
    """Draw fresh fp32 parameters: normal with a deviation of 0.02, and ones for norms."""
    declared = declare(config)
    leaves, treedef = jax.tree.flatten(declared, is_leaf=lambda node: isinstance(node, Parameter))
    keys = jax.random.split(key, len(leaves))

    def init(parameter: Parameter, key: jax.Array) -> jax.Array:
        if parameter.begins is not None:
            return jnp.full(parameter.shape, parameter.begins, jnp.float32)
        return INIT_STDDEV * jax.random.normal(key, parameter.shape, jnp.float32)

    return jax.tree.unflatten(treedef, [init(parameter, key) for parameter, key in zip(leaves, keys, strict=True)])


def cast_matrices(params: Parameters, dtype: Any) -> Parameters:
    """Give the parameters with their matrices and biases in a dtype, and norms as they are.

    This is for inference: every matrix product casts its matrix anyway, and would do so again for every token.
    """

    def cast(path: tuple[Any, ...], array: jax.Array) -> jax.Array:
        return array if path[-1].key.endswith("norm") else array.astype(dtype)

    return jax.tree_util.tree_map_with_path(cast, params)


def count_parameters(config: ModelConfig) -> int:
    """Count the numbers of all parameters."""
    return count_declared(declare(config))


def count_declared(declared: dict[str, Any]) -> int:
    """Count the numbers of what is declared."""
    return sum(jax.tree.leaves(map_declared(lambda parameter: math.prod(parameter.shape), declared)))


def training_flops_a_token(config: ModelConfig, seq_len: int) -> float:
    """Count the floating-point operations of training on one token; a multiplication and an addition are two.

    A matrix of n numbers takes 2n operations forward and 4n backward: 6n. This counts all matrices of the layers and
    the head; looking up an embedding takes none. Scores and their product with the values take 12 H D for each key
    that a query sees, in each layer, of H query heads of size D. A query of a row of T tokens sees T / 2 keys on
    average, or where the layer has a window of W those of W too. What is computed again to save memory does not count
    (Chowdhery et al., "PaLM", 2022, appendix B).

    >>> sizes = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32)
    >>> llama_7b = ModelConfig(vocab_size=32000, num_key_value_heads=32, head_dim=128, **sizes)
    >>> print(f"{training_flops_a_token(llama_7b, 512) / 1e9:.2f} GFLOP")
    40.05 GFLOP
    """
    keys = 0.0
    for kind in config.layer_kinds:
        window = min(kind.window or seq_len, seq_len)
        keys += window * (1 - window / seq_len / 2)
    attention = 2 * keys * config.num_attention_heads * config.head_dim
    head = config.vocab_size * config.hidden_size
    declared = declare(config)["layers"].values()
    kernels = sum(math.prod(parameter.shape) for parameter in declared if parameter.is_matrix)
    return 6.0 * (kernels + head + attention)
