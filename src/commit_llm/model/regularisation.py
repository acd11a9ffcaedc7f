"""What makes training noisy on purpose: three dropouts and forgetful causal masking."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.execution import ONE_DEVICE, Layout


@dataclass(frozen=True)
class Regularisation:
    """Rates in [0, 1). shared_attention_mask: one attention-dropout mask for all rows and heads, as the original."""

    embd_pdrop: float = 0.0
    resid_pdrop: float = 0.0
    attn_pdrop: float = 0.0
    fcm_min_ratio: float = 0.0
    fcm_max_ratio: float = 0.0
    shared_attention_mask: bool = False


def threshold(rate: float) -> tuple[int, int]:
    """How many random bits a number takes to drop it at a rate, and below which of their values it is dropped.

    8 bits give multiples of 1/256; where that is off by more than a fiftieth of the rate, or of what is kept, 16
    bits. Something is always kept.

    >>> threshold(0.05), threshold(0.01), threshold(0.99)
    ((8, 13), (16, 655), (16, 64881))
    """
    for bits in (8, 16):
        dropped = round(rate * 2**bits)
        if abs(dropped / 2**bits - rate) <= 0.02 * min(rate, 1 - rate):
            break
    return bits, min(dropped, 2**bits - 1)


def kept(
    key: jax.Array, rate: float, rows: int, shape: tuple[int, ...], layout: Layout = ONE_DEVICE
) -> tuple[Bool[Array, "B ..."], float]:
    """Which numbers stay, (rows, *shape), and the probability that one stays (close to 1 - rate, see `threshold`).

    Each row is drawn with a key of its own, and each device draws its own rows: how rows are split changes
    nothing, and a generator of the hardware ("rbg", a key's impl) does not draw those of all devices on each.
    Of every 32 random bits all are used.
    """
    bits, dropped = threshold(rate)
    parts = 32 // bits

    def draw_row(row_key: jax.Array) -> Array:
        words = jax.random.bits(row_key, (-(-shape[0] // parts), *shape[1:]), jnp.uint32)
        shifts = bits * jnp.arange(parts, dtype=jnp.uint32).reshape(-1, *[1] * len(shape))
        drawn = ((words >> shifts) & (2**bits - 1)).reshape(-1, *shape[1:])
        return drawn[: shape[0]] >= dropped

    def draw(row_keys: jax.Array) -> Array:
        return jax.lax.map(draw_row, row_keys)  # vmap would draw all rows with the first key of "rbg"

    draw_everywhere = layout.per_shard(draw, [("batch",)], ("batch", *[None] * len(shape)))
    return draw_everywhere(jax.random.split(key, rows)), 1.0 - dropped / 2**bits


def dropout(
    x: Float[Array, "B ..."], rate: float, key: jax.Array | None, layout: Layout = ONE_DEVICE
) -> Float[Array, "B ..."]:
    """Zero each number with probability rate and scale the rest to the same mean; the identity without a key."""
    if rate == 0.0 or key is None:
        return x
    keep, probability = kept(key, rate, x.shape[0], x.shape[1:], layout)
    return jnp.where(keep, x / probability, 0).astype(x.dtype)


def attention_dropout(
    key: jax.Array, rates: Regularisation, shape: tuple[int, ...], layout: Layout = ONE_DEVICE
) -> tuple[Bool[Array, "#B #H T S"], float]:
    """Which attention weights of (B, H, T, S) stay, and the probability that one does."""
    if rates.shared_attention_mask:
        return kept(key, rates.attn_pdrop, 1, (1, *shape[2:]))
    return kept(key, rates.attn_pdrop, shape[0], shape[1:], layout)


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
    Language Models", 2022; docs/behaviour.md, "Model and training"). A row of the original is one segment.
    """
    ratio_key, keep_key = jax.random.split(key)
    ratios = jax.random.uniform(ratio_key, segment_ids.shape, minval=min_ratio, maxval=max_ratio)
    # A row of T tokens has at most T segments, numbered from 1, and 0 for padding: ids fit modulo T.
    ratio = jnp.take_along_axis(ratios, segment_ids % segment_ids.shape[1], axis=1)
    return (jax.random.uniform(keep_key, segment_ids.shape) > ratio) | (positions == 0)
