"""Compute attention on a CPU, a row at a time, in blocks whose scores stay in the cache; the gradient is written out.

Shapes: B rows, T tokens, H query heads, K key-value heads, G = H / K, D head size. A row has R blocks of N tokens; in
a pair of blocks, N queries meet M = N keys.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.attention import MASKED, PLAIN_SCORES, Scoring

BLOCK = 64  # tokens
BlockNumber = Int[Array, ""]


class _Pairs(NamedTuple):
    """Say which pairs of blocks are computed, and what becomes of their scores.

    mask: True where a query sees a key.
    keep_weights: False where dropout drops a weight; None drops none.
    keys: for each block of queries the blocks of keys, first those that one of its queries sees.
    counts: how many those are, at least 1.
    """

    mask: Bool[Array, "R R N M"]
    keep_weights: Bool[Array, "R R #K #G N M"] | None
    keys: Int[Array, "R R"]
    counts: Int[Array, "R"]


class _Attended(NamedTuple):
    """Hold the attended values, the maximum of each query's scores, and the sum of its exponentials."""

    values: Float[Array, "... K G N D"]
    maximum: Float[Array, "... K G N 1"]
    total: Float[Array, "... K G N 1"]


def attend_by_row(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    mask: Bool[Array, "B 1 T T"],
    keep_weights: Bool[Array, "#B #H T T"] | None = None,
    keep_probability: float = 1.0,
    scoring: Scoring = PLAIN_SCORES,
) -> Float[Array, "B H T D"]:
    """Compute `attention.attend`, one row and one pair of blocks at a time, without the pairs that the mask hides.

    So the tokens of a short example cost as little in a long row as in a row of their own. The softmax is corrected as
    keys come, and the backward pass makes the scores again ("FlashAttention", Dao et al., 2022, algorithms 1 and 4).
    Rows must not be split over devices. A query that sees no key gets a mean of values, of fewer keys than in `attend`.
    """
    # One mask for all rows, as in the original.
    shared = keep_weights[0] if keep_weights is not None and len(keep_weights) == 1 else None

    def attend_row(row: tuple[Any, ...]) -> Array:
        query_HTD, key_KTD, value_KTD, mask_TT, keep_HTT = row
        query_RHND, key_RKMD, value_RKMD = (_blocks(x, (1,)) for x in (query_HTD, key_KTD, value_KTD))
        query_RKGND = query_RHND.reshape(*key_RKMD.shape[:2], -1, *query_RHND.shape[2:])
        pairs = _pairs(mask_TT, keep_HTT if shared is None else shared, len(key_KTD))
        attended = _attend_pairs(query_RKGND, key_RKMD, value_RKMD, pairs, keep_probability, scoring)
        whole_HTD = jnp.moveaxis(attended.reshape(query_RHND.shape), 0, 1).reshape(len(query_HTD), -1, query.shape[3])
        return whole_HTD[:, : query.shape[2]]

    return jax.lax.map(attend_row, (query, key, value, mask[:, 0], keep_weights if shared is None else None))


def _blocks(x: Array, axes: tuple[int, ...]) -> Array:
    """Cut each of the axes into blocks, the last one filled up with zeros; the numbers of the blocks come first."""
    shape = []
    for axis, size in enumerate(x.shape):
        shape += [-(-size // BLOCK), BLOCK] if axis in axes else [size]
    x = jnp.pad(x, [(0, -size % BLOCK if axis in axes else 0) for axis, size in enumerate(x.shape)])
    return jnp.moveaxis(x.reshape(shape), [axis + number for number, axis in enumerate(axes)], range(len(axes)))


def _pairs(mask: Bool[Array, "T T"], keep_weights: Bool[Array, "#H T T"] | None, key_heads: int) -> _Pairs:
    """Cut the masks of a row, and find the pairs in which a query sees a key."""
    mask = _blocks(mask, (0, 1))
    seen = mask.any(axis=(2, 3))
    if keep_weights is not None:
        keep_weights = _blocks(keep_weights, (1, 2))
        shape, heads = keep_weights.shape, keep_weights.shape[2]
        keep_weights = keep_weights.reshape(*shape[:2], min(key_heads, heads), -1, *shape[3:])
    return _Pairs(mask, keep_weights, jnp.argsort(~seen, axis=1), jnp.maximum(seen.sum(axis=1), 1))


@partial(jax.custom_vjp, nondiff_argnums=(4, 5))
def _attend_pairs(
    query: Float[Array, "R K G N D"],
    key: Float[Array, "R K M D"],
    value: Float[Array, "R K M D"],
    pairs: _Pairs,
    keep_probability: float,
    scoring: Scoring,
) -> Float[Array, "R K G N D"]:
    return _forward(query, key, value, pairs, keep_probability, scoring)[0]


def _forward(
    query: Array, key: Array, value: Array, pairs: _Pairs, keep_probability: float, scoring: Scoring
) -> tuple[Array, Any]:
    """Give the attended values, and what the backward pass takes."""

    def attend_block(queries: BlockNumber) -> _Attended:
        def add_keys(number: BlockNumber, before: _Attended) -> _Attended:
            pair = _pair(pairs, queries, number)
            scores = scoring.scores(_products(query[queries], key[pair.keys]), query.shape[-1]) + pair.bias
            maximum = jnp.maximum(before.maximum, scores.max(axis=-1, keepdims=True))
            weights, correction = jnp.exp(scores - maximum), jnp.exp(before.maximum - maximum)
            kept = _kept(weights, pair, keep_probability).astype(value.dtype)
            return _Attended(
                before.values * correction + _fp32("kgnm,kmd->kgnd", kept, value[pair.keys]),
                maximum,
                before.total * correction + weights.sum(axis=-1, keepdims=True),
            )

        zeros = jnp.zeros(query.shape[1:])
        nothing = _Attended(zeros, zeros[..., :1] + MASKED, zeros[..., :1])
        return jax.lax.fori_loop(0, pairs.counts[queries], add_keys, nothing)

    attended = jax.lax.map(attend_block, jnp.arange(len(query)))
    attended = attended._replace(values=attended.values / attended.total)
    return attended.values.astype(value.dtype), (query, key, value, pairs, attended)


def _backward(
    keep_probability: float, scoring: Scoring, forward: Any, gradient: Float[Array, "R K G N D"]
) -> tuple[Array, Array, Array, None]:
    """Give the gradients by queries, keys and values, from the one by the attended values."""
    query, key, value, pairs, attended = forward
    gradient = gradient.astype(jnp.float32) / attended.total
    means = (gradient * attended.values).sum(axis=-1, keepdims=True)  # of a query's gradients, by its weights
    gradient = gradient.astype(value.dtype)

    def add_block(sums: tuple[Array, Array], queries: BlockNumber) -> tuple[tuple[Array, Array], Array]:
        def add_keys(number: BlockNumber, sums: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
            by_query, by_key, by_value = sums
            pair = _pair(pairs, queries, number)
            products = _products(query[queries], key[pair.keys])
            scores, by_products = jax.vjp(lambda products: scoring.scores(products, query.shape[-1]), products)
            weights = jnp.exp(scores + pair.bias - attended.maximum[queries])
            by_weight = _kept(_products(gradient[queries], value[pair.keys]), pair, keep_probability)
            by_product = by_products(weights * (by_weight - means[queries]))[0].astype(query.dtype)
            kept = _kept(weights, pair, keep_probability).astype(value.dtype)
            return (
                by_query + _fp32("kgnm,kmd->kgnd", by_product, key[pair.keys]),
                by_key.at[pair.keys].add(_fp32("kgnm,kgnd->kmd", by_product, query[queries])),
                by_value.at[pair.keys].add(_fp32("kgnm,kgnd->kmd", kept, gradient[queries])),
            )

        start = (jnp.zeros(query.shape[1:]), *sums)
        by_query, by_key, by_value = jax.lax.fori_loop(0, pairs.counts[queries], add_keys, start)
        return (by_key, by_value), by_query

    zeros = jnp.zeros(key.shape)
    (by_key, by_value), by_query = jax.lax.scan(add_block, (zeros, zeros), jnp.arange(len(query)))
    return by_query.astype(query.dtype), by_key.astype(key.dtype), by_value.astype(value.dtype), None


_attend_pairs.defvjp(_forward, _backward)


class _Pair(NamedTuple):
    """Hold a pair: the number of its block of keys, what is added to its scores, and which weights are kept."""

    keys: BlockNumber
    bias: Float[Array, "N M"]
    keep_weights: Bool[Array, "#K #G N M"] | None


def _pair(pairs: _Pairs, queries: BlockNumber, number: BlockNumber) -> _Pair:
    keys = pairs.keys[queries, number]
    keep_weights = None if pairs.keep_weights is None else pairs.keep_weights[queries, keys]
    return _Pair(keys, jnp.where(pairs.mask[queries, keys], 0.0, MASKED), keep_weights)


def _kept(weights: Float[Array, "K G N M"], pair: _Pair, probability: float) -> Float[Array, "K G N M"]:
    """Drop attention weights, or their gradients."""
    return weights if pair.keep_weights is None else jnp.where(pair.keep_weights, weights, 0.0) / probability


def _products(queries: Float[Array, "K G N D"], keys: Float[Array, "K M D"]) -> Float[Array, "K G N M"]:
    return _fp32("kgnd,kmd->kgnm", queries, keys)


def _fp32(subscripts: str, x: Array, y: Array) -> Array:
    """Compute a matrix product whose sums are fp32."""
    return jnp.einsum(subscripts, x, y, preferred_element_type=jnp.float32)
