"""Attention: rotary embedding, masks, and the reference path that can express everything.

Shapes: B rows, T queries, S keys, H query heads, K key-value heads, G = H / K, D head size.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

MASKED = -1e30  # added to a masked score; finite, so that a row that is all masked gives no NaN


def rotary_tables(
    positions: Int[Array, "B T"], head_dim: int, theta: float
) -> tuple[Float[Array, "B 1 T D"], Float[Array, "B 1 T D"]]:
    """cos and sin of the angles, in fp32 (bf16 rounds 257 to 256, and sin(257) is far from sin(256)).

    Half-split order, as in Hugging Face: dimension i turns with i + D/2 (Su et al., "RoFormer", 2021).
    """
    # numpy, at compile time: XLA's power differs from it in the last digits.
    frequencies = 1.0 / theta ** (np.arange(0, head_dim, 2, dtype=np.float32) / head_dim)
    angles = positions.astype(jnp.float32)[:, None, :, None] * frequencies
    angles = jnp.concatenate([angles, angles], axis=-1)
    return jnp.cos(angles), jnp.sin(angles)


def rotate(x_BHTD: Array, cos: Array, sin: Array) -> Array:
    """Turn each pair (i, i + D/2) of the head by its position's angle."""
    first, second = jnp.split(x_BHTD.astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([-second, first], axis=-1)
    return (x_BHTD.astype(jnp.float32) * cos + turned * sin).astype(x_BHTD.dtype)


def attention_mask(
    segment_ids: Int[Array, "B T"], keep_keys: Bool[Array, "B T"] | None = None
) -> Bool[Array, "B 1 T T"]:
    """Which key (last axis) a query may see: not a later one, of its own segment, not forgotten.

    Queries and keys are the same row in the same order, so that their index is their order in time.
    """
    length = segment_ids.shape[1]
    causal_TS = jnp.tril(jnp.ones((length, length), bool))
    mask_BTS = causal_TS & (segment_ids[:, :, None] == segment_ids[:, None, :])
    if keep_keys is not None:
        mask_BTS &= keep_keys[:, None, :]
    return mask_BTS[:, None]


def attend(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K S D"],
    value: Float[Array, "B K S D"],
    mask: Bool[Array, "B 1 T S"],
    keep_weights: Bool[Array, "#B #H T S"] | None = None,
    keep_probability: float = 1.0,
) -> Float[Array, "B H T D"]:
    """Softmax attention in fp32, query heads grouped over key-value heads.

    The weights are normalised after the product with the values, which saves a pass over them. With
    keep_weights, each drawn with keep_probability, attention weights are dropped after the softmax.
    """
    batch, heads, queries, size = query.shape
    grouped = query.reshape(batch, key.shape[1], -1, queries, size)
    scores = jnp.einsum("bkgtd,bksd->bkgts", grouped, key, preferred_element_type=jnp.float32)
    scores = scores * (size**-0.5) + jnp.where(mask, 0.0, MASKED)[:, :, None]
    weights = jnp.exp(scores - jax.lax.stop_gradient(scores.max(axis=-1, keepdims=True)))
    total = weights.sum(axis=-1)[..., None]
    if keep_weights is not None:
        flat = weights.reshape(batch, heads, *weights.shape[3:])
        weights = (jnp.where(keep_weights, flat, 0) / keep_probability).reshape(weights.shape)
    attended = jnp.einsum("bkgts,bksd->bkgtd", weights.astype(value.dtype), value, preferred_element_type=jnp.float32)
    return (attended / total).astype(value.dtype).reshape(query.shape)


def attend_by_row(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K S D"],
    value: Float[Array, "B K S D"],
    mask: Bool[Array, "B 1 T S"],
    keep_weights: Bool[Array, "#B #H T S"] | None = None,
    keep_probability: float = 1.0,
) -> Float[Array, "B H T D"]:
    """`attend`, one row at a time, the scores made again in the backward pass.

    For a CPU, where a row's scores stay in the cache: a layer of benchmarks/train.py takes 0.56 of the
    time. Rows are then not split over devices.
    """
    shared = keep_weights is not None and keep_weights.shape[0] == 1  # one mask for all rows, as the original
    mapped = None if shared else keep_weights

    @jax.checkpoint
    def one(row: tuple[Any, ...]) -> Any:
        query_HTD, key_KSD, value_KSD, mask_1TS, keep_HTS = row
        keep = keep_weights if shared else None if keep_HTS is None else keep_HTS[None]
        return attend(query_HTD[None], key_KSD[None], value_KSD[None], mask_1TS[None], keep, keep_probability)[0]

    return jax.lax.map(one, (query, key, value, mask, mapped))


def attend_by_block(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    block: int = 256,
) -> Float[Array, "B H T D"]:
    """`attend` for a causal mask, without a gradient: some queries at a time, and only keys that one may see.

    That halves the work, and holds the scores of one block.
    """
    parts = []
    for start in range(0, query.shape[2], block):
        end = min(start + block, query.shape[2])
        seen = (query[:, :, start:end], key[:, :, :end], value[:, :, :end], mask[:, :, start:end, :end])
        parts.append(attend(*seen))
    return jnp.concatenate(parts, axis=2)
