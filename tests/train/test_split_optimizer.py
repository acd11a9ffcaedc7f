"""AdamW on split weights beside AdamW on fp32 ones; the factored second moment by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.train.optimizer import EPSILON, learning_rate_schedule, make_optimizer
from commit_llm.train.split_optimizer import FactoredMoment, make_split_optimizer
from commit_llm.train.split_weights import join, split_tree

SHAPES = {
    "embedding": (20, 12), "layers": {"query": (3, 12, 8), "norm": (3, 12)}, "final_norm": (12,), "head": (12, 20),
}  # fmt: skip
OPTIONS = {"beta1": 0.9, "beta2": 0.999, "clip_norm": 1.0, "momentum_dtype": jnp.bfloat16}
SCHEDULE = learning_rate_schedule(1e-2, 1e-4, 10, 100, first_step_at_zero=False)


def draw(seed, scale=1.0, dtype=jnp.float32):
    random = np.random.default_rng(seed)
    shapes, treedef = jax.tree.flatten(SHAPES, is_leaf=lambda node: isinstance(node, tuple))
    return jax.tree.unflatten(treedef, [(scale * random.standard_normal(shape)).astype(dtype) for shape in shapes])


def steps_of_both(weight_decay, round_beta1):
    """Make a step of AdamW on fp32 weights, and one on split weights, each with its first (weights, state)."""
    options = OPTIONS | {"weight_decay": weight_decay, "round_beta1": round_beta1}
    plain, halves = make_optimizer(SCHEDULE, **options), make_split_optimizer(SCHEDULE, **options, factored=False)

    def fp32(gradients):
        return jax.tree.map(lambda gradient: gradient.astype(jnp.float32), gradients)

    @jax.jit
    def step(params, state, gradients):
        updates, state = plain.update(fp32(gradients), state, params)
        return optax.apply_updates(params, updates), state

    @jax.jit
    def split_step(weights, state, gradients):
        return halves.update(gradients, state, weights, optax.tree.norm(fp32(gradients)))

    params = draw(0)
    return (step, (params, plain.init(params))), (split_step, (split_tree(params), halves.init(params)))


@pytest.mark.parametrize(
    ("weight_decay", "round_beta1", "dtype"),
    [(0.1, False, jnp.bfloat16), (0.0, True, jnp.float32)],
)
@pytest.mark.slow
@pytest.mark.optimised
def test_a_hundred_updates_give_the_fp32_bits_of_adamw(weight_decay, round_beta1, dtype):
    """Of gradients that are clipped and gradients that are not, through warm-up and decay."""
    (step, whole), (split_step, halves) = steps_of_both(weight_decay, round_beta1)
    for number in range(100):
        gradients = draw(number + 1, 0.1 if number % 2 else 0.001, dtype)
        whole, halves = step(*whole, gradients), split_step(*halves, gradients)
    joined = jax.jit(lambda weights: jax.tree.map(join, weights.high, weights.low))(halves[0])
    moved = jax.tree.map(lambda before, now: np.abs(before - now).min(), draw(0), joined)
    assert min(jax.tree.leaves(moved)) > 0
    for ours, theirs in zip(jax.tree.leaves(joined), jax.tree.leaves(whole[0]), strict=True):
        np.testing.assert_array_equal(np.asarray(ours).view(np.uint32), np.asarray(theirs).view(np.uint32))


def test_what_the_state_holds():
    for factored, second in ((False, (3, 12, 8)), (True, FactoredMoment((3, 12), (3, 8)))):
        optimizer = make_split_optimizer(SCHEDULE, **OPTIONS, weight_decay=0, round_beta1=False, factored=factored)
        state = jax.eval_shape(optimizer.init, draw(0))
        assert jax.tree.map(lambda array: array.shape, state.nu["layers"]["query"]) == second
        assert state.nu["layers"]["norm"].shape == (3, 12), "vectors of layers are no matrix"
        assert {array.dtype.name for array in jax.tree.leaves(state.mu)} == {"bfloat16"}
        assert {array.dtype.name for array in jax.tree.leaves(state.nu)} == {"float32"}


def test_a_factored_moment_by_hand():
    """Means of rows and columns decay like Adam's moment; of a matrix of rank 1 they give every number."""
    moment = FactoredMoment(jnp.zeros(3), jnp.zeros(2))
    squares = [np.outer([1, 4, 9], [1, 16]), np.outer([4, 1, 1], [25, 1])]
    for square in squares:
        moment = moment.after(jnp.sqrt(jnp.asarray(square, jnp.float32)), 0.75)
    both = 0.75 * 0.25 * squares[0] + 0.25 * squares[1]
    np.testing.assert_allclose(moment.rows, both.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(moment.columns, both.mean(axis=0), rtol=1e-6)
    one = FactoredMoment(jnp.zeros(3), jnp.zeros(2)).after(jnp.sqrt(jnp.asarray(squares[0], jnp.float32)), 0.0)
    np.testing.assert_allclose(one.whole(), squares[0], rtol=1e-6)
    assert np.isfinite(FactoredMoment(jnp.zeros(3), jnp.zeros(2)).after(jnp.zeros((3, 2)), 0.999).whole()).all()


def test_the_first_update_of_a_factored_moment():
    """Gradients of 4 and 2 times a vector: the moment is exact, and each number moves by the rate."""
    optimizer = make_split_optimizer(
        lambda step: 0.5, **OPTIONS | {"clip_norm": 1e9}, weight_decay=0.0, round_beta1=False, factored=True
    )
    params, gradients = draw(0), jax.tree.map(np.ones_like, draw(0))
    gradients["head"] = np.outer(np.arange(1, 13), np.arange(1, 21)).astype("f4")
    weights, _ = jax.jit(optimizer.update)(gradients, optimizer.init(params), split_tree(params), jnp.float32(1))
    after = join(weights.high["head"], weights.low["head"])
    np.testing.assert_allclose(after, params["head"] - 0.5 / (1 + EPSILON), rtol=1e-4, atol=1e-5)
