"""The reference path of attention: its dropout, and the path by block against it."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.attention import Scoring, attend, attend_by_block, attention_mask, masks_of_kinds

SCORING = Scoring(0.7, 2.0)


def arrays():
    """Queries of four heads, keys and values of two, for three rows of six tokens; and their mask."""
    rng = np.random.default_rng(0)
    query, key, value = (jnp.array(rng.normal(size=(3, heads, 6, 8)), "f4") for heads in (4, 2, 2))
    return query, key, value, attention_mask(jnp.array([[1] * 6, [1] * 3 + [2] * 3, [1] * 4 + [0] * 2]))


@pytest.mark.parametrize("window", [1, 2, 4])
def test_a_window_counts_the_query_s_own_token(window):
    mask = np.asarray(attention_mask(jnp.array([[1, 1, 1, 1, 2, 2]]), None, window))[0, 0]
    segments = [0, 0, 0, 0, 1, 1]
    for query, key in itertools.product(range(6), range(6)):
        expected = segments[query] == segments[key] and 0 <= query - key < window
        assert mask[query, key] == expected


def test_masks_of_one_window_are_one_array():
    first, second, third = masks_of_kinds([None, 3, None], jnp.ones((1, 6), int))
    assert first is third
    assert second is not first


def test_scores_are_multiplied_and_capped():
    products = jnp.array([[-100.0, 0.0, 8.0]])
    np.testing.assert_allclose(Scoring().scores(products, 16), products / 4)
    np.testing.assert_allclose(Scoring(0.5, 3.0).scores(products, 16), 3 * np.tanh(products / 6), rtol=1e-6)


def test_kept_attention_weights_are_scaled_up():
    rng = np.random.default_rng(0)
    query, key, value = (jnp.array(rng.normal(size=(1, 2, 4, 8)), "f4") for _ in range(3))
    mask = attention_mask(jnp.ones((1, 4), int))
    compiled = jax.jit(attend, static_argnums=5)
    kept = compiled(query, key, value, mask, jnp.ones((1, 2, 4, 4), bool), 0.5)
    np.testing.assert_allclose(kept, 2 * compiled(query, key, value, mask, None, 0.0), rtol=1e-6)


@pytest.mark.parametrize("block", [4, 256])
def test_attention_by_block_is_attention(block):
    arrays_and_mask = arrays()
    by_block = jax.jit(partial(attend_by_block, block=block, scoring=SCORING))(*arrays_and_mask)
    np.testing.assert_allclose(by_block, jax.jit(partial(attend, scoring=SCORING))(*arrays_and_mask), rtol=0, atol=1e-6)
