"""Tokens are drawn as often as they are likely, each row by its own key; the least likely ones may be left out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.sampling import Sampling, choose, within_top_p

PROBABILITIES = np.array([0.05, 0.4, 0.25, 0.1, 0.2], np.float32)
LOGITS = np.log(PROBABILITIES)
DRAWS = 4000
pytestmark = pytest.mark.slow
chosen_of = jax.jit(choose)


def keys(rows, seed=0):
    return np.random.default_rng(seed).integers(0, 2**32, (rows, 2), dtype=np.uint32)


def frequencies(temperature, top_p=None):
    """How often each token is drawn, over many keys."""
    sampling = Sampling(keys(DRAWS), np.float32(temperature), None if top_p is None else np.float32(top_p))
    chosen = chosen_of(jnp.tile(LOGITS, (DRAWS, 1)), jnp.int32(3), sampling)
    return np.bincount(np.asarray(chosen), minlength=5) / DRAWS


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_tokens_are_drawn_as_often_as_the_temperature_makes_them_likely(temperature):
    expected = PROBABILITIES ** (1 / temperature)
    np.testing.assert_allclose(frequencies(temperature), expected / expected.sum(), atol=0.03)


def test_the_least_likely_tokens_are_left_out():
    """0.4 + 0.25 is the least sum of the likeliest that reaches 0.6; 0.7 needs another 0.2."""
    np.testing.assert_allclose(frequencies(1.0, 0.6), np.array([0, 0.4, 0.25, 0, 0]) / 0.65, atol=0.03)
    np.testing.assert_allclose(frequencies(1.0, 0.7), np.array([0, 0.4, 0.25, 0, 0.2]) / 0.85, atol=0.03)


def test_one_token_is_always_left_and_equals_are_left_together():
    logits = jnp.asarray([[1.0, 3.0, 2.0], [2.0, 2.0, 1.0], [0.0, 0.0, 0.0]])
    left = within_top_p(logits, jnp.float32(1e-6)) > -jnp.inf
    assert left.tolist() == [[False, True, False], [True, True, False], [True, True, True]]
    assert (within_top_p(logits, jnp.float32(1.0)) == logits).all()


def test_a_row_is_drawn_by_its_key_and_place_alone():
    logits, of_rows = jax.random.normal(jax.random.key(1), (8, 50)), keys(8)

    def draw(order, place=5):
        sampling = Sampling(of_rows[order], np.float32(1.5), np.float32(0.9))
        return chosen_of(logits[np.asarray(order)], jnp.int32(place), sampling).tolist()

    whole = draw(list(range(8)))
    assert draw([6, 1, 1]) == [whole[6], whole[1], whole[1]]
    at_places = [draw(list(range(8)), place) for place in range(30)]
    assert len(set(map(tuple, at_places))) == 30
    assert len({drawn[0] for drawn in at_places}) > 5


def test_without_sampling_the_likeliest_is_chosen():
    logits = jax.random.normal(jax.random.key(0), (4, 30))
    assert choose(logits, jnp.int32(0)).tolist() == logits.argmax(-1).tolist()
