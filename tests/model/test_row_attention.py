"""Attention by row beside the reference path: values and gradients, and which blocks are read."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model import row_attention
from commit_llm.model.attention import attend, attention_mask
from commit_llm.model.row_attention import attend_by_row
from tests.model.test_attention import SCORING, arrays

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("block", [2, 4, 64])
@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("shared", [None, True, False])
def test_attention_by_row_is_attention(shared, rows, block, monkeypatch):
    monkeypatch.setattr(row_attention, "BLOCK", block)
    query, key, value, mask = (x[:rows] for x in arrays())
    shape = (1, 1, 6, 6) if shared else (rows, 4, 6, 6)
    keep = None if shared is None else jax.random.bernoulli(jax.random.key(1), 0.5, shape)

    def run(function):
        def loss(query, key, value):
            return (function(query, key, value, mask, keep, 0.5, SCORING) ** 2).sum()

        return jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))(query, key, value)

    for expected, by_row in zip(*map(jax.tree.leaves, (run(attend), run(attend_by_row))), strict=True):
        np.testing.assert_allclose(by_row, expected, rtol=1e-5, atol=5e-5)


def test_gradients_of_bfloat16_are_summed_in_fp32(monkeypatch):
    """Those of the first keys and values come from 64 blocks of queries."""
    monkeypatch.setattr(row_attention, "BLOCK", 2)
    random = np.random.default_rng(0)
    query, key, value = (jnp.array(random.normal(size=(1, 1, 128, 4)), jnp.bfloat16) for _ in range(3))
    mask = attention_mask(jnp.ones((1, 128), int))

    def gradients(function, *arrays):
        def loss(*arrays):
            return (function(*arrays, mask).astype(jnp.float32) * 3.0).sum()

        return jax.jit(jax.grad(loss, argnums=(0, 1, 2)))(*arrays)

    exact = gradients(attend, *(x.astype(jnp.float32) for x in (query, key, value)))
    for theirs, ours in zip(exact, gradients(attend_by_row, query, key, value), strict=True):
        assert ours.dtype == jnp.bfloat16
        assert np.abs(ours.astype(jnp.float32) - theirs).max() < 0.005 * np.abs(theirs).max()  # 0.01 in bfloat16


def test_a_block_of_keys_that_no_query_sees_is_not_read(monkeypatch):
    monkeypatch.setattr(row_attention, "BLOCK", 2)
    query, key, value, _ = (x[:1] for x in arrays())
    mask = attention_mask(jnp.array([[1, 1, 2, 2, 2, 2]]))
    key = key.at[0, :, :2].set(jnp.nan)
    gradients = jax.jit(jax.grad(lambda *x: attend_by_row(*x, mask)[:, :, 2:].sum(), argnums=(0, 1, 2)))
    attended = jax.jit(attend_by_row)(query, key, value, mask)
    assert np.isnan(attended[:, :, :2]).all()
    assert np.isfinite(attended[:, :, 2:]).all()
    assert all(np.isfinite(gradient[:, :, 2:]).all() for gradient in gradients(query, key, value))
