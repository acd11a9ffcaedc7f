"""One declaration of every parameter: its shape, its logical axes, and how it is initialised."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from commit_llm.model.config import ModelConfig

# A nested dict of arrays in the shape of `declare`: {"embedding", "layers": {...}, "final_norm", "head"}.
Parameters = dict[str, Any]

INIT_STDDEV = 0.02  # every kernel, embedding and head (docs/behaviour.md, "Model and training")


class Parameter(NamedTuple):
    """shape; the logical name of each axis (parallel/mesh.py maps them); ones for a norm's scale."""

    shape: tuple[int, ...]
    axes: tuple[str, ...]
    ones: bool = False


def declare(config: ModelConfig) -> dict[str, Any]:
    """Every parameter of the model. Kernels are (in, out); those of the layers are stacked on axis 0."""
    layers, embed, mlp = config.num_hidden_layers, config.hidden_size, config.intermediate_size
    heads = config.num_attention_heads * config.head_dim
    kv_heads = config.num_key_value_heads * config.head_dim

    def kernel(*axes: tuple[int, str]) -> Parameter:
        return Parameter((layers, *(size for size, _ in axes)), ("layers", *(name for _, name in axes)))

    norm = Parameter((layers, embed), ("layers", "norm"), ones=True)
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
    """Apply a function to every Parameter of a declaration."""
    return jax.tree.map(function, declared, is_leaf=lambda node: isinstance(node, Parameter))


def abstract_parameters(config: ModelConfig) -> dict[str, Any]:
    """Shape and dtype of every parameter, without numbers."""
    return map_declared(lambda parameter: jax.ShapeDtypeStruct(parameter.shape, jnp.float32), declare(config))


def init_parameters(config: ModelConfig, key: jax.Array) -> Parameters:
    """Fresh fp32 parameters: N(0, 0.02), norms 1."""
    declared = declare(config)
    leaves, treedef = jax.tree.flatten(declared, is_leaf=lambda node: isinstance(node, Parameter))
    keys = jax.random.split(key, len(leaves))

    def init(parameter: Parameter, key: jax.Array) -> jax.Array:
        if parameter.ones:
            return jnp.ones(parameter.shape, jnp.float32)
        return INIT_STDDEV * jax.random.normal(key, parameter.shape, jnp.float32)

    return jax.tree.unflatten(treedef, [init(p, k) for p, k in zip(leaves, keys, strict=True)])


def count_parameters(config: ModelConfig) -> int:
    """How many numbers the model holds."""
    return sum(jax.tree.leaves(map_declared(lambda parameter: math.prod(parameter.shape), declare(config))))


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
