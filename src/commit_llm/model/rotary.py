"""Turn queries and keys by their positions: rotary embedding (Su et al., "RoFormer", 2021).

Shapes: B rows, T tokens, K kinds of layers, H heads, D head size.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import Rope


class RotaryTables(NamedTuple):
    """Hold cos and sin of the angle of every token, in fp32."""

    cos: Float[Array, "*kinds B 1 T D"]
    sin: Float[Array, "*kinds B 1 T D"]


def rotary_tables(positions: Int[Array, "B T"], head_dim: int, rope: Rope | None) -> RotaryTables:
    """Compute cos and sin of every angle in fp32, because bf16 rounds 257 to 256, and sin(257) is far from sin(256).

    The order is half-split, as in Hugging Face: dimension i turns with i + D/2.

    positions: the number of each token in its segment, from 0.
    rope: None turns nothing.
    """
    frequencies = np.zeros(head_dim // 2, np.float32) if rope is None else rope.frequencies(head_dim)
    angles = positions.astype(jnp.float32)[:, None, :, None] * frequencies
    angles = jnp.concatenate([angles, angles], axis=-1)
    cos, sin = jnp.cos(angles), jnp.sin(angles)
    if rope is not None and rope.attention_factor != 1.0:
        cos, sin = cos * rope.attention_factor, sin * rope.attention_factor
    return RotaryTables(cos, sin)


def tables_of_kinds(config: ModelConfig, positions: Int[Array, "B T"]) -> list[RotaryTables]:
    """Give `rotary_tables` of each kind of layer."""
    by_rope = {kind.rope: rotary_tables(positions, config.head_dim, kind.rope) for kind in config.kinds}
    return [by_rope[kind.rope] for kind in config.kinds]


def rotate(x_BHTD: Array, tables: RotaryTables) -> Array:
    """Turn each pair (i, i + D/2) of a head by the angle of its position."""
    first, second = jnp.split(x_BHTD.astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([-second, first], axis=-1)
    return (x_BHTD.astype(jnp.float32) * tables.cos + turned * tables.sin).astype(x_BHTD.dtype)
