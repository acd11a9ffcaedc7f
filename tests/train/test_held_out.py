"""The held-out loss: a mean over tokens."""

import jax.numpy as jnp
import pytest

from commit_llm.train.held_out import held_out_loss


def test_it_is_the_mean_over_all_tokens_and_not_of_the_batches_means():
    """Batches of 1 and of 9 supervised tokens: sums of the loss, of right tokens, of tokens."""
    batches = [(8.0, 1.0, 1.0), (9.0, 3.0, 9.0)]
    loss, accuracy = held_out_loss(lambda params, batch, frozen: tuple(map(jnp.float32, batch)), {}, batches)
    assert loss == pytest.approx(17 / 10)
    assert accuracy == pytest.approx(4 / 10)
