"""Compute attention: rotary embedding, masks, and the reference path, which can express every case.

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
    """Compute cos and sin of every angle in fp32, because bf16 rounds 257 to 256, and sin(257) is far from sin(256).

    The order is half-split, as in Hugging Face: dimension i turns with i + D/2 (Su et al., "RoFormer", 2021).

    positions: the number of each token in its segment, from 0.
    theta: the base of the frequencies, `rope_theta` of the configuration.
    """
    # numpy, at compile time: XLA's power differs from it in the last digits.
    frequencies = 1.0 / theta ** (np.arange(0, head_dim, 2, dtype=np.float32) / head_dim)
    angles = positions.astype(jnp.float32)[:, None, :, None] * frequencies
    angles = jnp.concatenate([angles, angles], axis=-1)
    return jnp.cos(angles), jnp.sin(angles)


def rotate(x_BHTD: Array, cos: Array, sin: Array) -> Array:
    """Turn each pair (i, i + D/2) of a head by the angle of its position."""
    first, second = jnp.split(x_BHTD.astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([-second, first], axis=-1)
    return (x_BHTD.astype(jnp.float32) * cos + turned * sin).astype(x_BHTD.dtype)


def attention_mask(
    segment_ids: Int[Array, "B T"], keep_keys: Bool[Array, "B T"] | None = None
) -> Bool[Array, "B 1 T T"]:
    """Say which keys (last axis) each query sees: none later, none of another segment, none that is forgotten.

    Queries and keys are the same row in the same order, so that an index is a point in time.

    segment_ids: the number of each token's segment, from 1; 0 for padding.
    keep_keys: False where forgetful masking hides a key from all queries; None hides no key.

    >>> print(attention_mask(jnp.array([[1, 1, 2, 2]]))[0, 0].astype(int))
    [[1 0 0 0]
     [1 1 0 0]
     [0 0 1 0]
     [0 0 1 1]]
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
    """Compute softmax attention in fp32, with query heads grouped over key-value heads.

    The weights are normalised after the product with the values, which saves a pass over them.

    mask: True where a query sees a key.
    keep_weights: False where dropout drops an attention weight after the softmax; None drops none.
    keep_probability: the probability in (0, 1] with which each weight is kept; kept weights are divided by it.
    """
    batch, heads, queries, head_dim = query.shape
    grouped = query.reshape(batch, key.shape[1], -1, queries, head_dim)
    scores = jnp.einsum("bkgtd,bksd->bkgts", grouped, key, preferred_element_type=jnp.float32)
    scores = scores * (head_dim**-0.5) + jnp.where(mask, 0.0, MASKED)[:, :, None]
    weights = jnp.exp(scores - jax.lax.stop_gradient(scores.max(axis=-1, keepdims=True)))
    total = weights.sum(axis=-1)[..., None]
    if keep_weights is not None:
        by_head = weights.reshape(batch, heads, *weights.shape[3:])
        weights = (jnp.where(keep_weights, by_head, 0) / keep_probability).reshape(weights.shape)
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
    """Compute `attend` one row at a time, and make the scores again in the backward pass.

    This is for a CPU, where the scores of one row stay in the cache: a layer of benchmarks/train.py takes 0.56
    of the time. Rows must not be split over devices.
    """
    shared_mask = keep_weights is not None and keep_weights.shape[0] == 1  # one for all rows, as in the original
    mask_of_rows = None if shared_mask else keep_weights

    @jax.checkpoint
    def attend_row(row: tuple[Any, ...]) -> Any:
        query_HTD, key_KSD, value_KSD, mask_1TS, keep_HTS = row
        keep = keep_weights if shared_mask else None if keep_HTS is None else keep_HTS[None]
        return attend(query_HTD[None], key_KSD[None], value_KSD[None], mask_1TS[None], keep, keep_probability)[0]

    return jax.lax.map(attend_row, (query, key, value, mask, mask_of_rows))


def attend_by_block(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    block: int = 256,
) -> Float[Array, "B H T D"]:
    """Compute `attend` for a causal mask, a block of queries at a time, with only the keys that the block may see.

    This halves the work and keeps the scores of only one block in memory. It is for inference: a gradient would
    keep the scores of all blocks.

    block: how many queries a block has.
    """
    attended_blocks = []
    for start in range(0, query.shape[2], block):
        end = min(start + block, query.shape[2])
        visible = (query[:, :, start:end], key[:, :, :end], value[:, :, :end], mask[:, :, start:end, :end])
        attended_blocks.append(attend(*visible))
    return jnp.concatenate(attended_blocks, axis=2)
