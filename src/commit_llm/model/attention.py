"""Compute attention: rotary embedding, masks, and the reference path, which can express every case.

Shapes: B rows, T queries, S keys, H query heads, K key-value heads, G = H / K, D head size.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

MASKED = -1e30  # added to a masked score; finite, so that a row that is all masked gives no NaN
LEAST_BLOCK = 128  # queries of a block, in training on a CPU
MOST_BLOCKS = 8  # of a row there, because each is compiled by itself


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
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    keep_weights: Bool[Array, "#B #H T T"] | None = None,
    keep_probability: float = 1.0,
) -> Float[Array, "B H T D"]:
    """Compute `attend` for a causal mask, one row and one block of queries at a time.

    The backward pass makes the scores again. This is for training on a CPU, where the scores of a block stay in the
    cache: one row of 1,024 tokens takes 0.36 of the time that all its scores at once take, and 2,048 tokens half of it.
    Rows must not be split over devices.
    """
    shared_mask = keep_weights is not None and keep_weights.shape[0] == 1  # one for all rows, as in the original
    mask_of_rows = None if shared_mask else keep_weights

    def attend_row(row: tuple[Any, ...]) -> Array:
        query_HTD, key_KTD, value_KTD, mask_1TT, keep_HTT = row
        block = max(LEAST_BLOCK, -(-query.shape[2] // MOST_BLOCKS))
        keep = keep_weights if shared_mask else None if keep_HTT is None else keep_HTT[None]
        arrays = query_HTD[None], key_KTD[None], value_KTD[None], mask_1TT[None]
        return attend_by_block(*arrays, keep, keep_probability, block=block, attend=attend_folded)[0]

    rows = (query, key, value, mask, mask_of_rows)
    if query.shape[0] == 1:  # XLA runs the body of a loop on fewer cores
        return attend_row(jax.tree.map(lambda x: x[0], rows))[None]
    return jax.lax.map(attend_row, rows)


@partial(jax.checkpoint, static_argnums=5)
def attend_folded(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K S D"],
    value: Float[Array, "B K S D"],
    mask: Bool[Array, "B 1 T S"],
    keep_weights: Bool[Array, "#B #H T S"] | None = None,
    keep_probability: float = 1.0,
) -> Float[Array, "B H T D"]:
    """Compute `attend` with the heads of a group as further queries of one head, which XLA runs faster on a CPU.

    The backward pass makes the scores again.
    """
    batch, heads, _, head_dim = query.shape
    groups, keys = batch * key.shape[1], key.shape[2]

    def fold(x: Array) -> Array:
        return jnp.broadcast_to(x, (batch, heads, *x.shape[2:])).reshape(groups, 1, -1, x.shape[3])

    keep = None if keep_weights is None else fold(keep_weights)
    key, value = (x.reshape(groups, 1, keys, head_dim) for x in (key, value))
    return attend(fold(query), key, value, fold(mask), keep, keep_probability).reshape(query.shape)


def attend_by_block(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    keep_weights: Bool[Array, "#B #H T T"] | None = None,
    keep_probability: float = 1.0,
    *,
    block: int = 256,
    attend: Callable[..., Array] = attend,
) -> Float[Array, "B H T D"]:
    """Compute `attend` for a causal mask, a block of queries at a time, with only the keys that the block may see.

    This halves the work. In inference it keeps the scores of only one block in memory; a gradient would keep those of
    all blocks, unless `attend` makes them again.

    block: how many queries a block has.
    attend: what computes a block.
    """
    attended_blocks = []
    for start in range(0, query.shape[2], block):
        end = min(start + block, query.shape[2])
        visible = (query[:, :, start:end], key[:, :, :end], value[:, :, :end], mask[:, :, start:end, :end])
        keep = None if keep_weights is None else keep_weights[:, :, start:end, :end]
        attended_blocks.append(attend(*visible, keep, keep_probability))
    return jnp.concatenate(attended_blocks, axis=2)
