"""Both reductions of the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.decoder import forward
from commit_llm.model.parameters import init_parameters
from commit_llm.train.loss import token_weights, weighted_loss
from tests.model.test_decoder import SMALL

MASKS = jnp.array([[1.0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])


def test_weights_of_a_token():
    np.testing.assert_allclose(token_weights(MASKS, "token"), MASKS / 4)
    np.testing.assert_allclose(token_weights(MASKS, "row"), [[1 / 9] * 3 + [0], [0, 1 / 3, 0, 0], [0] * 4], rtol=1e-6)


def test_a_batch_without_supervised_tokens_costs_nothing():
    for reduction in ("token", "row"):
        weights = token_weights(jnp.zeros((2, 3)), reduction)
        loss = weighted_loss(jnp.ones((2, 3, 5)), jnp.zeros((2, 3), jnp.int32), weights)
        assert float(loss.loss) == 0.0


def test_loss_and_accuracy_by_hand():
    logits = jnp.log(jnp.array([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]]))
    sums = weighted_loss(logits, jnp.array([[0, 2]]), jnp.array([[0.5, 0.5]]))
    assert float(sums.loss) == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)
    assert float(sums.accuracy) == pytest.approx(0.5)


def test_the_gradient_is_that_of_log_softmax():
    logits = jax.random.normal(jax.random.key(0), (2, 3, 7)) * 3
    targets, weights = jnp.array([[0, 6, 2], [3, 3, 1]]), jnp.array([[0.2, 0.0, 0.3], [0.1, 0.2, 0.2]])

    def plainly(logits):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), targets[..., None], -1)[..., 0]
        return -jnp.sum(weights * chosen)

    ours = jax.value_and_grad(lambda x: weighted_loss(x, targets, weights).loss)(logits)
    for one, other in zip(ours, jax.value_and_grad(plainly)(logits), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)


def test_packed_examples_give_the_losses_they_give_alone():
    params = init_parameters(SMALL, jax.random.key(0))
    tokens = jax.random.randint(jax.random.key(1), (1, 10), 0, 97)
    targets = jax.random.randint(jax.random.key(2), (1, 10), 0, 97)
    ones = jnp.ones((1, 10))
    packed = weighted_loss(
        forward(SMALL, params, tokens, jnp.array([[1] * 6 + [2] * 4]), jnp.array([[*range(6), *range(4)]])),
        targets,
        ones,
    )
    alone = [
        weighted_loss(forward(SMALL, params, tokens[:, here]), targets[:, here], ones[:, here]).loss
        for here in (slice(0, 6), slice(6, 10))
    ]
    assert float(packed.loss) == pytest.approx(float(sum(alone)), rel=1e-6)
