"""Draw the noise of training: three dropouts and forgetful causal masking.

Shapes: B rows, T tokens or queries, S keys, H query heads.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.execution import ONE_DEVICE, ArrayLayout


@dataclass(frozen=True)
class Regularisation:
    """Hold the rates of all noise, each in [0, 1).

    embd_pdrop: dropout of embeddings.
    resid_pdrop: dropout of the output of attention and of feed-forward.
    attn_pdrop: dropout of attention weights.
    fcm_min_ratio, fcm_max_ratio: bounds of the share of keys that forgetful causal masking hides.
    shared_attention_mask: draw one mask of attention weights for all rows and heads, as the original does.
    """

    embd_pdrop: float = 0.0
    resid_pdrop: float = 0.0
    attn_pdrop: float = 0.0
    fcm_min_ratio: float = 0.0
    fcm_max_ratio: float = 0.0
    shared_attention_mask: bool = False


def drop_threshold(rate: float) -> tuple[int, int]:
    """Say how many random bits decide whether a number is dropped, and below which of their values it is dropped.

    8 bits give multiples of 1/256. Where that misses the rate, or the rate of keeping, by more than a fiftieth of
    it, 16 bits are used. The highest value always keeps the number.

    >>> drop_threshold(0.05), drop_threshold(0.01), drop_threshold(0.99)
    ((8, 13), (16, 655), (16, 64881))
    """
    for bits in (8, 16):
        dropped = round(rate * 2**bits)
        if abs(dropped / 2**bits - rate) <= 0.02 * min(rate, 1 - rate):
            break
    return bits, min(dropped, 2**bits - 1)


def draw_keep_mask(
    key: jax.Array, rate: float, rows: int, shape: tuple[int, ...], layout: ArrayLayout = ONE_DEVICE
) -> tuple[Bool[Array, "B ..."], float]:
    """Draw which numbers of (rows, *shape) are kept; give the mask and the probability that a number is kept.

    The probability is close to 1 - rate (see `drop_threshold`). Each row has a key of its own, and each device draws
    its own rows. Therefore the result does not depend on how rows are split, and no device draws the rows of all
    devices, as the hardware's generator ("rbg", a key's impl) would. All 32 bits of a random word are used.
    """
    bits, dropped_values = drop_threshold(rate)
    numbers_a_word = 32 // bits

    def draw_row(row_key: jax.Array) -> Array:
        words = jax.random.bits(row_key, (-(-shape[0] // numbers_a_word), *shape[1:]), jnp.uint32)
        shifts = bits * jnp.arange(numbers_a_word, dtype=jnp.uint32).reshape(-1, *[1] * len(shape))
        drawn = ((words >> shifts) & (2**bits - 1)).reshape(-1, *shape[1:])
        return drawn[: shape[0]] >= dropped_values

    def draw(row_keys: jax.Array) -> Array:
        return jax.lax.map(draw_row, row_keys)  # vmap would draw all rows with the first key of "rbg"

    draw_everywhere = layout.per_shard(draw, [("batch",)], ("batch", *[None] * len(shape)))
    return draw_everywhere(jax.random.split(key, rows)), 1.0 - dropped_values / 2**bits


def dropout(
    x: Float[Array, "B ..."], rate: float, key: jax.Array | None, layout: ArrayLayout = ONE_DEVICE
) -> Float[Array, "B ..."]:
    """Set each number to 0 with probability rate, and scale the rest to keep the mean; without a key change nothing."""
    if rate == 0.0 or key is None:
        return x
    keep, keep_probability = draw_keep_mask(key, rate, x.shape[0], x.shape[1:], layout)
    return jnp.where(keep, x / keep_probability, 0).astype(x.dtype)


def attention_dropout(
    key: jax.Array, rates: Regularisation, shape: tuple[int, ...], layout: ArrayLayout = ONE_DEVICE
) -> tuple[Bool[Array, "#B #H T S"], float]:
    """Draw which attention weights of shape (B, H, T, S) are kept; give the mask and the probability of keeping one."""
    if rates.shared_attention_mask:
        return draw_keep_mask(key, rates.attn_pdrop, 1, (1, *shape[2:]))
    return draw_keep_mask(key, rates.attn_pdrop, shape[0], shape[1:], layout)


def forgetful_keys(
    key: jax.Array,
    segment_ids: Int[Array, "B T"],
    positions: Int[Array, "B T"],
    min_ratio: float,
    max_ratio: float,
) -> Bool[Array, "B T"]:
    """Draw forgetful causal masking: which keys stay visible, the same for all layers, heads and queries.

    Each segment draws a ratio r ~ U[min_ratio, max_ratio). A key stays where its own u ~ U[0, 1) is above r. The first
    key of a segment (position 0) always stays, so that every query sees a key; a query's own key may be hidden
    (Liu et al., "Towards Better Few-Shot and Finetuning Performance with Forgetful Causal Language Models", 2022).
    In the original each row is one segment (docs/behaviour.md, "Model and training").
    """
    ratio_key, keep_key = jax.random.split(key)
    ratios = jax.random.uniform(ratio_key, segment_ids.shape, minval=min_ratio, maxval=max_ratio)
    # A row of T tokens has at most T segments, numbered from 1, and 0 for padding: ids fit modulo T.
    ratio_of_key = jnp.take_along_axis(ratios, segment_ids % segment_ids.shape[1], axis=1)
    return (jax.random.uniform(keep_key, segment_ids.shape) > ratio_of_key) | (positions == 0)
