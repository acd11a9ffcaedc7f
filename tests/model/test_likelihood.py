"""Log-probabilities of targets are those of the logits, however few rows are in memory at a time."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.decoder import forward
from commit_llm.model.likelihood import token_log_probabilities
from commit_llm.model.parameters import init_parameters
from tests.model.test_decoder import SMALL


@pytest.mark.parametrize("split", [1, 2])
def test_log_probabilities_are_those_of_the_logits(split):
    params = init_parameters(SMALL, jax.random.key(0))
    tokens, targets = jax.random.randint(jax.random.key(1), (2, 4, 9), 0, SMALL.vocab_size)
    logits = forward(SMALL, params, tokens)
    targets = targets.at[:, 3].set(logits[:, 3].argmax(axis=-1))
    log_probabilities, likeliest = token_log_probabilities(SMALL, params, tokens, targets, split=split)
    expected = jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(log_probabilities, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(likeliest, targets == logits.argmax(axis=-1))
    assert likeliest[:, 3].all()
    assert not likeliest.all()
