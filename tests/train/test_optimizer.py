"""AdamW by hand: what is rounded, and what is not."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.train.optimizer import EPSILON, make_optimizer, scale_by_adam

GRADIENTS = [0.5, -0.3, 0.7]


def by_hand(beta1, multiplied_by, storage):
    """The direction of the third update, in float64, with the first moment rounded by `storage`."""
    m = v = 0.0
    for count, gradient in enumerate(GRADIENTS, 1):
        exact = (1 - beta1) * gradient + multiplied_by * m
        v = 0.001 * gradient**2 + 0.999 * v
        direction = (exact / (1 - beta1**count)) / (np.sqrt(v / (1 - 0.999**count)) + EPSILON)
        m = float(jnp.asarray(exact, storage))
    return direction


def run(momentum_dtype, round_beta1):
    adam = scale_by_adam(0.9, 0.999, momentum_dtype, round_beta1=round_beta1)
    state = adam.init({"w": jnp.zeros(1)})
    for gradient in GRADIENTS:
        direction, state = jax.jit(adam.update)({"w": jnp.array([gradient])}, state)
    assert state.mu["w"].dtype == momentum_dtype
    return float(direction["w"][0])


def test_fp32_moment_is_optax_s_adam():
    ours = run(jnp.float32, round_beta1=False)
    adam = optax.scale_by_adam(0.9, 0.999, EPSILON)
    state = adam.init({"w": jnp.zeros(1)})
    with jax.numpy_dtype_promotion("standard"):  # optax raises a float to the power of an int
        for gradient in GRADIENTS:
            direction, state = jax.jit(adam.update)({"w": jnp.array([gradient])}, state)
    assert ours == pytest.approx(float(direction["w"][0]), rel=1e-6)


@pytest.mark.parametrize(("round_beta1", "multiplied_by"), [(True, 0.8984375), (False, 0.9)])
def test_bf16_moment(round_beta1, multiplied_by):
    ours = run(jnp.bfloat16, round_beta1)
    assert ours == pytest.approx(by_hand(0.9, multiplied_by, jnp.bfloat16), rel=1e-5)
    other = by_hand(0.9, 0.9 if round_beta1 else 0.8984375, jnp.bfloat16)
    assert abs(ours - other) > 1e-4


def test_weight_decay_is_decoupled():
    """AdamW: it goes by the rate alone, whatever the gradient. As L2 it would go through Adam: by 1 a step here."""
    optimizer = make_optimizer(
        lambda step: 0.5, beta1=0.9, beta2=0.999, weight_decay=0.01, clip_norm=1.0, momentum_dtype=jnp.float32,
        round_beta1=False,
    )  # fmt: skip
    params = {"w": jnp.array([2.0, -4.0])}
    updates, _ = optimizer.update({"w": jnp.zeros(2)}, optimizer.init(params), params)
    np.testing.assert_allclose(updates["w"], [-0.5 * 0.01 * 2.0, 0.5 * 0.01 * 4.0], rtol=1e-6)
