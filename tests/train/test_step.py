"""The step's noise is a function of seed, step and part."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train import step as step_module
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
