"""The step's noise is a function of seed, step and part; gradients of split weights, and their sum over parts."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train import step as step_module
from commit_llm.train.split_optimizer import SplitOptimizer
from commit_llm.train.step import init_state, make_train_step
from tests.model.test_decoder import SMALL


@pytest.mark.slow
def test_noise_is_of_its_seed_its_step_and_its_part(monkeypatch):
    seen, real = [], step_module.hidden_states

    def spy(*args, dropout_key, **options):
        jax.debug.callback(lambda data: seen.append(np.asarray(data).tobytes()), jax.random.key_data(dropout_key))
        return real(*args, dropout_key=dropout_key, **options)

    monkeypatch.setattr(step_module, "hidden_states", spy)
    batch = {name: jnp.ones((2, 4), int) for name in ("input_tokens", "target_tokens", "segment_ids", "positions")}
    batch["loss_masks"] = jnp.ones((2, 4))
    rates, still = Regularisation(resid_pdrop=0.5), optax.sgd(0.0)
    for seed in (0, 1):
        step = make_train_step(SMALL, still, seed=seed, regularisation=rates, gradient_accumulation=2)
        state = init_state(init_parameters(SMALL, jax.random.key(0)), still)
        for _ in range(2):
            state, _ = step(state, batch)
    jax.effects_barrier()
    assert len(set(seen)) == 8


@pytest.mark.slow
def test_gradients_of_split_weights_are_bf16_and_their_sum_over_parts_is_fp32():
    """Of one row, and of two such rows of which each has half the weight: the same but for rounding."""

    def keep(gradients, state, weights, norm):
        return weights, gradients

    kept = {}
    for parts in (1, 2):
        batch = {name: jnp.ones((parts, 4), int) for name in ("input_tokens", "target_tokens", "segment_ids")}
        batch |= {"positions": jnp.tile(jnp.arange(4), (parts, 1)), "loss_masks": jnp.ones((parts, 4))}
        keeping = SplitOptimizer(lambda params: None, keep)
        step = jax.jit(make_train_step(SMALL, keeping, gradient_accumulation=parts))
        state, metrics = step(init_state(init_parameters(SMALL, jax.random.key(0)), keeping), batch)
        kept[parts] = state.opt_state
        squares = sum(float(jnp.sum(leaf.astype(jnp.float32) ** 2)) for leaf in jax.tree.leaves(kept[parts]))
        assert float(metrics.grad_norm) == pytest.approx(squares**0.5, rel=1e-5)
    assert {leaf.dtype.name for leaf in jax.tree.leaves(kept[1])} == {"bfloat16"}
    assert {leaf.dtype.name for leaf in jax.tree.leaves(kept[2])} == {"float32"}
    for whole, summed in zip(jax.tree.leaves(kept[1]), jax.tree.leaves(kept[2]), strict=True):
        np.testing.assert_allclose(whole.astype(jnp.float32), summed, rtol=2**-7, atol=1e-9)
