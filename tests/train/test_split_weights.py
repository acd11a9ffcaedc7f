"""Split and join: exact for every pattern of 32 bits."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.train.split_weights import forward_weights, join, join_in_place, split, split_in_place

both_ways = jax.jit(lambda bits: jax.lax.bitcast_convert_type(join(*split(_fp32(bits))), jnp.uint32))
# Of the lower half: none, least, below and at and above a tie, most.
LOW = (0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF)


def _fp32(bits):
    return jax.lax.bitcast_convert_type(bits, jnp.float32)


def test_join_gives_back_what_was_split_at_every_edge():
    """All upper halves, which are every sign, exponent, infinity, denormal and NaN, with edges of the lower half."""
    bits = ((np.arange(2**16, dtype=np.uint32) << 16)[:, None] | np.array(LOW, np.uint32)).ravel()
    np.testing.assert_array_equal(both_ways(bits), bits)


@pytest.mark.slow
@pytest.mark.optimised
def test_join_gives_back_a_hundred_million_random_patterns():
    random = np.random.default_rng(0)
    for _ in range(10):
        bits = random.integers(0, 2**32, 10**7, dtype=np.uint32)
        assert np.array_equal(both_ways(bits), bits)


@pytest.mark.slow
@pytest.mark.long
def test_join_gives_back_every_pattern():
    block = np.arange(2**24, dtype=np.uint32)
    for first in range(0, 2**32, 2**24):
        bits = block + np.uint32(first)
        assert np.array_equal(both_ways(bits), bits), hex(first)


def test_the_upper_half_is_the_nearest_bfloat16():
    """Which jax's own rounding gives too, but for ties: they go away from 0."""
    numbers = np.random.default_rng(0).standard_normal(10**6).astype("f4")
    high, low = jax.jit(split)(numbers)
    ties = np.asarray(low) == 0x8000
    nearest = numbers.astype(jnp.bfloat16)
    np.testing.assert_array_equal(np.asarray(high)[~ties], nearest[~ties])
    tie = np.array([0x3F808000, 0xBF808000, 0x3F818000], np.uint32).view("f4")  # between 1 and 1.0078125, and so on
    np.testing.assert_array_equal(np.asarray(split(tie)[0], "f4"), [1.0078125, -1.0078125, 1.015625])


def test_a_tree_is_split_and_joined_in_place():
    arrays = {"a": jnp.arange(6.0).reshape(2, 3) / 7, "layers": {"b": jnp.full(4, -1e-30)}}
    whole = jax.tree.map(np.asarray, arrays)
    weights = split_in_place(arrays)
    assert all(array.is_deleted() for array in jax.tree.leaves(arrays))
    assert [array.dtype.name for array in jax.tree.leaves(weights)] == ["bfloat16"] * 2 + ["uint16"] * 2
    assert forward_weights(weights) is weights.high
    joined = join_in_place(weights)
    assert all(array.is_deleted() for array in itertools.chain(*map(jax.tree.leaves, weights)))
    assert forward_weights(joined) is joined
    jax.tree.map(np.testing.assert_array_equal, joined, whole)
