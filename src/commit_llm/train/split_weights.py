"""Split fp32 weights into a bfloat16 half, with which a step computes, and the 16 bits that it lacks; join the two.

    fp32  0 01111111 0011010 1101011101110011    1.2097
    high  0 01111111 0011011                     1.2109375, the nearest bfloat16; a tie goes away from 0
    low                      1101011101110011    begins with 1: high was rounded up

Together they are the fp32 number to the bit, whichever it is.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, BFloat16, Float32, UInt16

from commit_llm.model.parameters import Parameters


class SplitWeights(NamedTuple):
    """Hold two trees in the shape of the parameters: bfloat16 weights, and uint16 bits that they lack."""

    high: Parameters
    low: Parameters


def split(weights: Float32[Array, "..."]) -> tuple[BFloat16[Array, "..."], UInt16[Array, "..."]]:
    """Give the bfloat16 half of fp32 numbers, and the bits that it lacks."""
    bits = jax.lax.bitcast_convert_type(weights, jnp.uint32)
    high = ((bits + jnp.uint32(0x8000)) >> 16).astype(jnp.uint16)
    return jax.lax.bitcast_convert_type(high, jnp.bfloat16), bits.astype(jnp.uint16)


def join(high: BFloat16[Array, "..."], low: UInt16[Array, "..."]) -> Float32[Array, "..."]:
    """Give the fp32 numbers of two halves; the inverse of `split`."""
    bits, lacking = jax.lax.bitcast_convert_type(high, jnp.uint16).astype(jnp.uint32), low.astype(jnp.uint32)
    bits = ((bits - (lacking >> 15)) << 16) | lacking  # a low half of 0x8000 and more had high rounded up
    return jax.lax.bitcast_convert_type(bits, jnp.float32)


def split_tree(params: Parameters, split: Callable[..., Any] = split) -> SplitWeights:
    """Split every array of a tree."""
    leaves, treedef = jax.tree.flatten(params)
    high, low = zip(*map(split, leaves), strict=True)
    return SplitWeights(jax.tree.unflatten(treedef, high), jax.tree.unflatten(treedef, low))


def split_in_place(params: Parameters) -> SplitWeights:
    """Split arrays on devices one after another, and give each up: so only one of them is there twice."""
    return split_tree(params, partial(_in_place, split))


def join_in_place(weights: SplitWeights) -> Parameters:
    """Join arrays on devices, as `split_in_place` splits them."""
    return jax.tree.map(partial(_in_place, join), weights.high, weights.low)


def halves_like(params: Any) -> SplitWeights:
    """Give the shapes, dtypes and shardings of the halves of parameters with these."""
    high, low = (
        jax.tree.map(partial(jax.ShapeDtypeStruct.update, dtype=half), params) for half in (jnp.bfloat16, jnp.uint16)
    )
    return SplitWeights(high, low)


def forward_weights(params: Any) -> Any:
    """Give what a step computes with: the bfloat16 halves of split weights, or the parameters as they are.

    Of shapes, dtypes and shardings too.
    """
    return params.high if isinstance(params, SplitWeights) else params


def _in_place(function: Callable[..., Any], *arrays: jax.Array) -> Any:
    """Compute a function of arrays where they live, and give these up."""
    made = jax.jit(function, out_shardings=arrays[0].sharding)(*arrays)
    jax.block_until_ready(made)
    for array in arrays:
        array.delete()
    return made
