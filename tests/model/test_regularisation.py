"""Dropout: its share, its generators, and that each row has its own mask; the share of forgetful masking."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.attention import attention_mask
from commit_llm.model.regularisation import draw_keep_mask, drop_threshold, dropout, forgetful_keys


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9, 0.99])
def test_a_rate_is_drawn_within_a_fiftieth(rate):
    bits, dropped = drop_threshold(rate)
    assert dropped / 2**bits == pytest.approx(rate, rel=0.02)
    assert 1 - dropped / 2**bits == pytest.approx(1 - rate, rel=0.02)


@pytest.mark.parametrize("rate", [0.999, 0.999999])
def test_no_rate_drops_all(rate):
    gradient = jax.jit(jax.grad(lambda x: dropout(x, rate, jax.random.key(0)).sum()))(jnp.ones((4, 8, 8)))
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("generator", ["threefry2x32", pytest.param("rbg", marks=pytest.mark.slow)])
@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_dropout_zeroes_its_share_and_keeps_the_mean(generator, rate):
    key = jax.random.key(0, impl=generator)
    # A word serves 4 or 2 numbers, and 101 is no multiple.
    keep, probability = draw_keep_mask(key, rate, 20, (101, 500))
    assert keep.shape == (20, 101, 500)
    assert 1 - probability == pytest.approx(rate, rel=0.02)
    assert float(keep.mean()) == pytest.approx(probability, abs=5 * (rate / keep.size) ** 0.5)
    out = np.asarray(jax.jit(dropout, static_argnums=1)(jnp.ones(keep.shape), rate, key))
    np.testing.assert_allclose(np.unique(out), [0, 1 / probability], rtol=1e-6)
    assert out.mean() == pytest.approx(1, abs=0.002)


@pytest.mark.parametrize("generator", ["threefry2x32", pytest.param("rbg", marks=pytest.mark.slow)])
def test_rows_are_drawn_apart(generator):
    """No row repeats another, nor one part of a word the next."""
    keep = np.asarray(draw_keep_mask(jax.random.key(0, impl=generator), 0.5, 6, (64, 256))[0])
    parts = keep.reshape(6 * 4, -1).astype(float)
    between = np.corrcoef(parts) - np.eye(24)
    assert np.abs(between).max() < 0.1


def test_forgetful_masking_keeps_the_first_key_of_each_segment_and_hides_the_share_asked_for():
    rows, length = 64, 512
    segment_ids = jnp.array(np.tile(np.repeat([1, 2], length // 2), (rows, 1)))
    positions = jnp.array(np.tile(np.arange(length // 2), (rows, 2)))
    keep = jax.jit(forgetful_keys, static_argnums=(3, 4))(jax.random.key(0), segment_ids, positions, 0.0, 0.1)
    assert keep[:, 0].all()
    assert keep[:, length // 2].all()
    assert abs(float(keep.mean()) - 0.95) < 0.005
    shares = 1 - np.asarray(keep).reshape(rows, 2, -1).mean(-1)
    assert np.corrcoef(shares[:, 0], shares[:, 1])[0, 1] < 0.5  # every segment has a ratio of its own
    mask = np.asarray(jax.jit(attention_mask)(segment_ids, keep))
    assert mask[:, 0].any(axis=-1).all()  # every query sees some key
