"""What makes training noisy on purpose: three dropouts and forgetful causal masking."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


@dataclass(frozen=True)
class Regularisation:
    """Rates in [0, 1). shared_attention_mask: one attention-dropout mask for all rows and heads, as the original."""

    embd_pdrop: float = 0.0
    resid_pdrop: float = 0.0
    attn_pdrop: float = 0.0
    fcm_min_ratio: float = 0.0
    fcm_max_ratio: float = 0.0
    shared_attention_mask: bool = False


def dropout(x: Float[Array, "..."], rate: float, key: jax.Array | None) -> Float[Array, "..."]:
    """Zero each number with probability rate and scale the rest by 1 / (1 - rate); the identity without a key."""
    if rate == 0.0 or key is None:
        return x
    keep = jax.random.bernoulli(key, 1.0 - rate, x.shape)
    return jnp.where(keep, x / (1.0 - rate), 0).astype(x.dtype)


def forgetful_keys(
    key: jax.Array,
    segment_ids: Int[Array, "B T"],
    positions: Int[Array, "B T"],
    min_ratio: float,
    max_ratio: float,
) -> Bool[Array, "B T"]:
    """Forgetful causal masking: which keys stay visible, the same ones for all layers, heads and queries.

    Each segment draws a ratio r ~ U[min, max); each key is kept where its own u ~ U[0, 1) > r. The first
    key of a segment (position 0) is always kept, so that every query sees a key; a query's own key
    can go (Liu et al., "Towards Better Few-Shot and Finetuning Performance with Forgetful Causal
    Language Models", 2022; BEHAVIOUR.md, "Model and training"). A row of the original is one segment.
    """
    ratio_key, keep_key = jax.random.split(key)
    ratios = jax.random.uniform(ratio_key, segment_ids.shape, minval=min_ratio, maxval=max_ratio)
    # A row of T tokens has at most T segments, numbered from 1, and 0 for padding: ids fit modulo T.
    ratio = jnp.take_along_axis(ratios, segment_ids % segment_ids.shape[1], axis=1)
    return (jax.random.uniform(keep_key, segment_ids.shape) > ratio) | (positions == 0)
