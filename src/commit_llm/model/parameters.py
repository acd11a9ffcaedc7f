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
    ones: whether it begins as ones, like the scale of a norm, instead of random numbers.
    """

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    ones: bool = False


def declare(config: ModelConfig) -> dict[str, Any]:
    """Declare every parameter of the model. Kernels are (in, out); parameters of layers are stacked on axis 0."""
    num_layers, embed, mlp = config.num_hidden_layers, config.hidden_size, config.intermediate_size
    heads = config.num_attention_heads * config.head_dim
    kv_heads = config.num_key_value_heads * config.head_dim

    def kernel(*axes: tuple[int, str]) -> Parameter:
        return Parameter((num_layers, *(size for size, _ in axes)), ("layers", *(name for _, name in axes)))

    norm = Parameter((num_layers, embed), ("layers", "norm"), ones=True)
    declared: dict[str, Any] = {
        "embedding": Parameter((config.vocab_size, embed), ("vocab", "embed")),
        "layers": {
            "attention_norm": norm,
            "query": kernel((embed, "embed"), (heads, "heads")),
            "key": kernel((embed, "embed"), (kv_heads, "heads")),
            "value": kernel((embed, "embed"), (kv_heads, "heads")),
            "output": kernel((heads, "heads"), (embed, "embed")),
            "mlp_norm": norm,
            "gate": kernel((embed, "embed"), (mlp, "mlp")),
            "up": kernel((embed, "embed"), (mlp, "mlp")),
            "down": kernel((mlp, "mlp"), (embed, "embed")),
        },
        "final_norm": Parameter((embed,), ("norm",), ones=True),
    }
    if not config.tie_word_embeddings:
        declared["head"] = Parameter((embed, config.vocab_size), ("embed", "vocab"))
    return declared


def map_declared(function: Callable[[Parameter], Any], declared: dict[str, Any]) -> dict[str, Any]:
    """Apply a function to every Parameter of a declaration, and keep its keys."""
    return jax.tree.map(function, declared, is_leaf=lambda node: isinstance(node, Parameter))


def abstract_parameters(config: ModelConfig) -> dict[str, Any]:
    """Give the shape and dtype of every parameter, without numbers."""
    return map_declared(lambda parameter: jax.ShapeDtypeStruct(parameter.shape, jnp.float32), declare(config))


def init_parameters(config: ModelConfig, key: jax.Array) -> Parameters:
    """Draw fresh fp32 parameters: normal with a deviation of 0.02, and ones for norms."""
    declared = declare(config)
    leaves, treedef = jax.tree.flatten(declared, is_leaf=lambda node: isinstance(node, Parameter))
    keys = jax.random.split(key, len(leaves))

    def init(parameter: Parameter, key: jax.Array) -> jax.Array:
        if parameter.ones:
            return jnp.ones(parameter.shape, jnp.float32)
        return INIT_STDDEV * jax.random.normal(key, parameter.shape, jnp.float32)

    return jax.tree.unflatten(treedef, [init(parameter, key) for parameter, key in zip(leaves, keys, strict=True)])


def cast_matrices(params: Parameters, dtype: Any) -> Parameters:
    """Give the parameters with their matrices in a dtype, and norms as they are.

    This is for inference: every matrix product casts its matrix anyway, and would do so again for every token.
    """

    def cast(path: tuple[Any, ...], array: jax.Array) -> jax.Array:
        return array if path[-1].key.endswith("norm") else array.astype(dtype)

    return jax.tree_util.tree_map_with_path(cast, params)


def count_parameters(config: ModelConfig) -> int:
    """Count the numbers of all parameters."""
    return sum(jax.tree.leaves(map_declared(lambda parameter: math.prod(parameter.shape), declare(config))))


def training_flops_a_token(config: ModelConfig, seq_len: int) -> float:
    """Count the floating-point operations of training on one token; a multiplication and an addition are two.

    A matrix of n numbers takes 2n operations forward and 4n backward: 6n. This counts all matrices of the layers and
    the head; looking up an embedding takes none. Scores and their product with the values take 12 L H D T, of L
    layers, H query heads of size D, and T tokens a row. A query sees only the keys before it, which halves this to
    6 L H D T. What is computed again to save memory does not count (Chowdhery et al., "PaLM", 2022, appendix B).

    >>> sizes = dict(hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32)
    >>> llama_7b = ModelConfig(vocab_size=32000, num_key_value_heads=32, head_dim=128, **sizes)
    >>> print(f"{training_flops_a_token(llama_7b, 512) / 1e9:.2f} GFLOP")
    40.05 GFLOP
    """
    attention = config.num_hidden_layers * config.num_attention_heads * config.head_dim * seq_len
    head = config.vocab_size * config.hidden_size
    kernels = sum(math.prod(parameter.shape) for parameter in declare(config)["layers"].values() if not parameter.ones)
    return 6.0 * (kernels + head + attention)
