"""Compute attention: masks, and the reference path, which can express every case.

Shapes: B rows, T queries, S keys, H query heads, K key-value heads, G = H / K, D head size.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

MASKED = -1e30  # added to a masked score; finite, so that a row that is all masked gives no NaN


class Scoring(NamedTuple):
    """Say what becomes of the product of a query and a key before the softmax.

    multiplier: of the product; None: D ** -0.5.
    softcap: c in c * tanh(score / c), which no score exceeds; None: scores are as they are.
    """

    multiplier: float | None = None
    softcap: float | None = None

    def scores(self, products: Float[Array, "... T S"], head_dim: int) -> Float[Array, "... T S"]:
        """Give the scores of products in fp32."""
        scores = products * (head_dim**-0.5 if self.multiplier is None else self.multiplier)
        return scores if self.softcap is None else soft_cap(scores, self.softcap)


PLAIN_SCORES = Scoring()


def soft_cap(x: Array, cap: float) -> Array:
    """Compute cap * tanh(x / cap) ("Gemma 2", 2024, section 2)."""
    return cap * jnp.tanh(x / cap)


def attention_mask(
    segment_ids: Int[Array, "B T"], keep_keys: Bool[Array, "B T"] | None = None, window: int | None = None
) -> Bool[Array, "B 1 T T"]:
    """Say which keys (last axis) each query sees: none later, none of another segment, none that is forgotten.

    Queries and keys are the same row in the same order, so that an index is a point in time.

    segment_ids: the number of each token's segment, from 1; 0 for padding.
    keep_keys: False where forgetful masking hides a key from all queries; None hides no key.
    window: how many tokens a query sees at most, its own and those before it; None: all before it.

    >>> print(attention_mask(jnp.array([[1, 1, 2, 2]]))[0, 0].astype(int))
    [[1 0 0 0]
     [1 1 0 0]
     [0 0 1 0]
     [0 0 1 1]]
    """
    length = segment_ids.shape[1]
    causal_TS = jnp.tril(jnp.ones((length, length), bool))
    if window is not None:
        causal_TS &= ~jnp.tril(causal_TS, -window)
    mask_BTS = causal_TS & (segment_ids[:, :, None] == segment_ids[:, None, :])
    if keep_keys is not None:
        mask_BTS &= keep_keys[:, None, :]
    return mask_BTS[:, None]


def masks_of_kinds(
    windows: Sequence[int | None], segment_ids: Int[Array, "B T"], keep_keys: Bool[Array, "B T"] | None = None
) -> list[Bool[Array, "B 1 T T"]]:
    """Give `attention_mask` of each window; those of the same window are one array."""
    masks = {window: attention_mask(segment_ids, keep_keys, window) for window in dict.fromkeys(windows)}
    return [masks[window] for window in windows]


def attend(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K S D"],
    value: Float[Array, "B K S D"],
    mask: Bool[Array, "B 1 T S"],
    keep_weights: Bool[Array, "#B #H T S"] | None = None,
    keep_probability: float = 1.0,
    scoring: Scoring = PLAIN_SCORES,
) -> Float[Array, "B H T D"]:
    """Compute softmax attention in fp32, with query heads grouped over key-value heads.

    The weights are normalised after the product with the values, which saves a pass over them.

    mask: True where a query sees a key.
    keep_weights: False where dropout drops an attention weight after the softmax; None drops none.
    keep_probability: the probability in (0, 1] with which each weight is kept; kept weights are divided by it.
    scoring: what becomes of the products before the mask and the softmax.
    """
    batch, heads, queries, head_dim = query.shape
    grouped = query.reshape(batch, key.shape[1], -1, queries, head_dim)
    scores = jnp.einsum("bkgtd,bksd->bkgts", grouped, key, preferred_element_type=jnp.float32)
    scores = scoring.scores(scores, head_dim) + jnp.where(mask, 0.0, MASKED)[:, :, None]
    weights = jnp.exp(scores - jax.lax.stop_gradient(scores.max(axis=-1, keepdims=True)))
    total = weights.sum(axis=-1)[..., None]
    if keep_weights is not None:
        by_head = weights.reshape(batch, heads, *weights.shape[3:])
        weights = (jnp.where(keep_weights, by_head, 0) / keep_probability).reshape(weights.shape)
    attended = jnp.einsum("bkgts,bksd->bkgtd", weights.astype(value.dtype), value, preferred_element_type=jnp.float32)
    return (attended / total).astype(value.dtype).reshape(query.shape)


def attend_by_block(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    scoring: Scoring = PLAIN_SCORES,
    block: int = 256,
) -> Float[Array, "B H T D"]:
    """Compute `attend` for a causal mask, a block of queries at a time, with only the keys that the block may see.

    This halves the work, and keeps the scores of only one block in memory. It is for inference: a gradient would keep
    those of all blocks.

    block: how many queries a block has.
    """
    attended_blocks = []
    for start in range(0, query.shape[2], block):
        end = min(start + block, query.shape[2])
        visible = (query[:, :, start:end], key[:, :, :end], value[:, :, :end], mask[:, :, start:end, :end])
        attended_blocks.append(attend(*visible, scoring=scoring))
    return jnp.concatenate(attended_blocks, axis=2)
