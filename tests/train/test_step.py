"""Every setting of a recipe reaches its place, and the step's noise is a function of seed, step and part."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.model.config import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train import prepare as prepare_module
from commit_llm.train import step as step_module
from commit_llm.train.step import init_state, make_train_step
from tests.model.test_decoder import SMALL


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


@pytest.fixture
def prepared(small_recipe, monkeypatch):
    """What `prepare` hands to the functions that it calls, for a recipe."""

    def call(recipe):
        seen = {}
        for name in ("learning_rate_schedule", "make_optimizer", "make_train_step"):
            real = getattr(prepare_module, name)

            def spy(*args, name=name, real=real, **options):
                seen[name] = (args, options)
                return real(*args, **options)

            monkeypatch.setattr(prepare_module, name, spy)
        prepare_module.prepare(recipe, read_config(Path(recipe.model)))
        monkeypatch.undo()
        return seen

    return call


def test_every_setting_reaches_its_place(small_recipe, prepared):
    recipe = small_recipe(
        "commit-2024", mesh="1,1,-1", beta1=0.8, beta2=0.95, weight_decay=0.1, clip_norm=0.5, decay_steps=20,
        gradient_accumulation=2, attn_pdrop=0.3, fcm_min_ratio=0.02, seed=7, remat="dots",
    )  # fmt: skip
    seen = prepared(recipe)
    assert seen["learning_rate_schedule"] == ((1e-3, 1e-7, 2, 20), {"first_step_at_zero": True})
    options = seen["make_optimizer"][1]
    names = ("beta1", "beta2", "weight_decay", "clip_norm", "momentum_dtype", "round_beta1")
    assert [options[name] for name in names] == [0.8, 0.95, 0.1, 0.5, jnp.bfloat16, True]
    options = seen["make_train_step"][1]
    assert [options[name] for name in ("reduction", "gradient_accumulation", "seed")] == ["row", 2, 7]
    assert (options["execution"].remat, options["execution"].dtype) == ("dots", jnp.float32)
    assert options["regularisation"] == Regularisation(0.05, 0.05, 0.3, 0.02, 0.1, shared_attention_mask=True)


def test_what_the_mended_recipes_do_otherwise(small_recipe, prepared):
    seen = prepared(small_recipe(momentum_dtype="float32", dtype="bfloat16"))
    assert seen["learning_rate_schedule"] == ((1e-3, 1e-7, 2, 8), {"first_step_at_zero": False})
    assert seen["make_optimizer"][1]["round_beta1"] is False
    assert seen["make_optimizer"][1]["momentum_dtype"] == jnp.float32
    options = seen["make_train_step"][1]
    assert (options["reduction"], options["execution"].dtype) == ("token", jnp.bfloat16)
    assert options["regularisation"] == Regularisation(0.05, 0.05, 0.0, 0.0, 0.1, shared_attention_mask=False)
