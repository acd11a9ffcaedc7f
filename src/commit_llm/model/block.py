"""Compute one layer of the decoder. What a layer holds says what is computed: norms, biases and norms of heads.

Shapes: B rows, T tokens, E hidden size, F the width of all heads together, H heads, D head size;
I and O are the input and output width of any kernel.
Every matrix product flattens (B, T) first, which XLA on a CPU runs a fifth faster.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from commit_llm.model.attention import Scoring
from commit_llm.model.config import Activation, ModelConfig
from commit_llm.model.parameters import Parameters
from commit_llm.model.rotary import RotaryTables, rotate

ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {
    "silu": jax.nn.silu,
    "gelu_pytorch_tanh": partial(jax.nn.gelu, approximate=True),
}
# What is appended to a kernel's name for the two of a low-rank adapter (model/adapter.py).
LORA_A, LORA_B = "_lora_a", "_lora_b"
# Maps queries, keys (both already rotated) and values to the attended queries and what `block` returns beside them.
AttentionFunction = Callable[[Array, Array, Array], tuple[Array, Any]]


def scoring_of(config: ModelConfig) -> Scoring:
    """Say how a model makes scores of the products of queries and keys."""
    return Scoring(config.attention_multiplier, config.attn_logit_softcapping)


def rms_norm(x: Float[Array, "... E"], scale: Float[Array, "E"], eps: float) -> Float[Array, "... E"]:
    """Compute x / sqrt(mean(x^2) + eps) * scale, in fp32 (Zhang and Sennrich, 2019)."""
    if x.ndim == 3 and x.shape[0] == 1:  # XLA on a CPU sums the gradient of the scale 40 times as fast over (T, E)
        return rms_norm(x[0], scale, eps)[None]
    x_fp32 = x.astype(jnp.float32)
    normed = x_fp32 * jax.lax.rsqrt(jnp.mean(x_fp32 * x_fp32, axis=-1, keepdims=True) + eps)
    return (normed * scale).astype(x.dtype)


def norm(config: ModelConfig, params: Parameters, name: str, x: Float[Array, "... E"]) -> Float[Array, "... E"]:
    """Normalise x by the norm of this name, where the parameters have one."""
    if name not in params:
        return x
    scale = params[name].astype(jnp.float32)  # a frozen one is bf16, which has no place for 1 + a small number
    if config.norm_offset:
        scale = scale + config.norm_offset
    return rms_norm(x, scale, config.rms_norm_eps)


def project(layer: Parameters, name: str, x: Float[Array, "B T I"]) -> Float[Array, "B T O"]:
    """Compute x @ kernel in the dtype of x, over flattened rows.

    What is beside the kernel is added: the product with a low-rank adapter, and a bias.
    """
    kernel, rows = layer[name], x.reshape(-1, x.shape[-1])
    flat = rows @ kernel.astype(x.dtype)
    if (lora_a := layer.get(name + LORA_A)) is not None:
        flat = flat + (rows @ lora_a.astype(x.dtype)) @ layer[name + LORA_B].astype(x.dtype)
    if (bias := layer.get(f"{name}_bias")) is not None:
        flat = flat + bias.astype(x.dtype)
    return flat.reshape(*x.shape[:-1], kernel.shape[-1])


def split_heads(x_BTF: Array, head_dim: int) -> Array:
    """Turn (B, T, H * D) into (B, H, T, D)."""
    return x_BTF.reshape(*x_BTF.shape[:2], -1, head_dim).transpose(0, 2, 1, 3)


def merge_heads(x_BHTD: Array) -> Array:
    """Turn (B, H, T, D) into (B, T, H * D), the inverse of `split_heads`."""
    return x_BHTD.transpose(0, 2, 1, 3).reshape(x_BHTD.shape[0], x_BHTD.shape[2], -1)


def heads_of(config: ModelConfig, layer: Parameters, name: str, normed_BTE: Array) -> Float[Array, "B H T D"]:
    """Compute the queries, keys or values, normed where the layer norms them: all heads at once, or each by itself."""
    together = project(layer, name, normed_BTE)
    if config.qk_norm == "whole":
        return split_heads(norm(config, layer, f"{name}_norm", together), config.head_dim)
    return norm(config, layer, f"{name}_norm", split_heads(together, config.head_dim))


def feed_forward(config: ModelConfig, layer: Parameters, normed_BTE: Array) -> Array:
    """Compute down(activation(gate(x)) * up(x)) (Shazeer, 2020)."""
    gate = ACTIVATIONS[config.hidden_act](project(layer, "gate", normed_BTE))
    return project(layer, "down", gate * project(layer, "up", normed_BTE))


def block(
    config: ModelConfig,
    layer: Parameters,
    x_BTE: Array,
    tables: RotaryTables,
    attention: AttentionFunction,
    drop: Callable[[Array, int], Array] = lambda x, branch: x,
) -> tuple[Array, Any]:
    """Compute one layer: its output (B, T, E), and what the attention gives beside its own (a cache, or None).

    Where the attention gives only its last N queries, the output is that of the last N tokens.

    layer: the parameters of this layer.
    tables: of the layer's kind.
    drop: the dropout of a residual branch; its number is 0 for the attention and 1 for the feed-forward.
    """
    normed = norm(config, layer, "attention_norm", x_BTE)
    query, key, value = (heads_of(config, layer, name, normed) for name in ("query", "key", "value"))
    attended, cache = attention(rotate(query, tables), rotate(key, tables), value)
    branch = norm(config, layer, "attention_post_norm", project(layer, "output", merge_heads(attended)))
    x_BTE = x_BTE[:, -attended.shape[2] :] + _scaled(config, drop(branch, 0))
    branch = feed_forward(config, layer, norm(config, layer, "mlp_norm", x_BTE))
    return x_BTE + _scaled(config, drop(norm(config, layer, "mlp_post_norm", branch), 1)), cache


def _scaled(config: ModelConfig, branch: Array) -> Array:
    """Multiply a residual branch, in fp32, because bf16 has not the factor."""
    if config.residual_multiplier == 1.0:
        return branch
    return (branch.astype(jnp.float32) * config.residual_multiplier).astype(branch.dtype)
