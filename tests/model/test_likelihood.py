"""Log-probabilities of targets are those of the logits, however few rows are in memory at a time."""

import jax
import numpy as np
import pytest

from commit_llm.model.likelihood import token_log_probabilities
from tests.model.test_decoder import SMALL, draw_parameters, draw_tokens, whole_forward


@pytest.mark.parametrize("split", [1, 2])
def test_log_probabilities_are_those_of_the_logits(split):
    params = draw_parameters(SMALL, jax.random.key(0))
    tokens, targets = draw_tokens(4, 9), np.array(draw_tokens(4, 9, seed=2))
    logits = np.asarray(whole_forward(SMALL, params, tokens))
    targets[:, 3] = logits[:, 3].argmax(axis=-1)
    log_probabilities, likeliest = token_log_probabilities(SMALL, params, tokens, targets, split=split)
    all_log_probabilities = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    expected = np.take_along_axis(all_log_probabilities, targets[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(log_probabilities, expected, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(likeliest, targets == logits.argmax(axis=-1))
    assert likeliest[:, 3].all()
    assert not likeliest.all()
