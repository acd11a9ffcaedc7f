"""Adapters: the start is the base, what is merged computes what is joined, and only what is named is trained."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.model.adapter import Adapter, declare_adapter, frozen_part, init_adapter, joined, merged
from tests.model.test_decoder import SMALL, draw_parameters, draw_tokens
from tests.model.test_decoder import whole_forward as forward
from tests.tiers import in_long_tier

KERNELS = ("query", "key", "value", "output", "gate", "up", "down")
MODELS = {
    "plain": SMALL,
    "tied": replace(SMALL, tie_word_embeddings=True),
    "biases": replace(SMALL, biases=("query", "key", "value")),
    "norms of heads, after an offset": replace(SMALL, qk_norm="head", norms="around", norm_offset=1),
}
QUICK = "norms of heads, after an offset"
BY_NAME = [name if name == QUICK else pytest.param(name, marks=pytest.mark.slow) for name in MODELS]
ADAPTER = Adapter(4, 8.0, KERNELS)
TOKENS = jnp.asarray(draw_tokens(2, 12))


def moved(params, seed=1, size=0.2):
    """Parameters with noise added, so that none is 0 or 1."""
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(seed), len(leaves))
    pairs = zip(leaves, keys, strict=True)
    noisy = [leaf + size * jax.random.normal(key, leaf.shape, leaf.dtype) for leaf, key in pairs]
    return jax.tree.unflatten(tree, noisy)


def base_of(config, dtype=jnp.bfloat16):
    return jax.tree.map(lambda p: p.astype(dtype), moved(draw_parameters(config, jax.random.key(0))))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain", QUICK, *in_long_tier("tied", "biases")])
@pytest.mark.parametrize("saved", [(), ("embedding",)], ids=["kernels", "and the embedding"])
def test_the_start_is_the_base_bit_for_bit(name, saved):
    config, adapter = MODELS[name], replace(ADAPTER, saved=saved)
    base = base_of(config)
    start = joined(frozen_part(base, adapter), init_adapter(config, adapter, base, jax.random.key(2)), adapter)
    assert np.array_equal(forward(config, start, TOKENS), forward(config, base, TOKENS))


@pytest.mark.slow
@pytest.mark.parametrize("name", BY_NAME)
def test_merged_computes_what_joined_does(name):
    config, base = MODELS[name], base_of(MODELS[name], jnp.float32)
    trained = moved(init_adapter(config, ADAPTER, base, jax.random.key(2)))
    together = forward(config, joined(base, trained, ADAPTER), TOKENS)
    np.testing.assert_allclose(forward(config, merged(base, trained, ADAPTER), TOKENS), together, rtol=2e-4, atol=2e-4)
    assert np.abs(together - forward(config, base, TOKENS)).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("target", KERNELS)
def test_every_kernel_can_have_an_adapter(target):
    adapter, base = Adapter(4, 8.0, (target,)), base_of(SMALL, jnp.float32)
    trained = moved(init_adapter(SMALL, adapter, base, jax.random.key(2)))
    assert set(trained["layers"]) == {f"{target}_lora_a", f"{target}_lora_b"}
    together = forward(SMALL, joined(base, trained, adapter), TOKENS)
    assert np.abs(together - forward(SMALL, base, TOKENS)).max() > 1e-3


def test_saved_parameters_are_trained_whole():
    adapter = replace(ADAPTER, saved=("embedding", "head"))
    base = base_of(SMALL)
    trained = init_adapter(SMALL, adapter, base, jax.random.key(2))
    base = jax.tree.map(lambda p: p.astype(jnp.float32), base)
    assert {name: trained[name].dtype for name in adapter.saved} == {"embedding": jnp.float32, "head": jnp.float32}
    assert set(frozen_part(base, adapter)) == {"layers", "final_norm"}
    trained["head"] = trained["head"] + 1.0
    assert np.array_equal(joined(frozen_part(base, adapter), trained, adapter)["head"], trained["head"])
    assert np.array_equal(merged(base, trained, adapter)["head"], trained["head"])


@pytest.mark.slow
def test_a_fresh_adapter_is_drawn_as_peft_draws_it():
    config = replace(SMALL, hidden_size=256, intermediate_size=512)
    declared = declare_adapter(config, ADAPTER)
    trained = init_adapter(config, ADAPTER, base_of(config), jax.random.key(2))
    assert jax.tree.map(jnp.shape, trained["layers"]) == {n: p.shape for n, p in declared["layers"].items()}
    for name, value in trained["layers"].items():
        if name.endswith("_b"):
            assert not value.any()
            continue
        bound = value.shape[1] ** -0.5
        assert 0.9 * bound < np.abs(value).max() <= bound
        assert np.std(value) == pytest.approx(bound / 3**0.5, rel=0.05)
    assert not np.array_equal(trained["layers"]["gate_lora_a"], trained["layers"]["up_lora_a"])


def test_a_rank_above_a_dimension():
    with pytest.raises(UserError, match="--lora-r 17: above a dimension of the model's key kernel, 32 x 16; give at"):
        declare_adapter(SMALL, replace(ADAPTER, rank=17))
    assert declare_adapter(SMALL, replace(ADAPTER, rank=16))["layers"]["key_lora_b"].shape == (3, 16, 16)


def test_the_head_of_a_tied_model():
    with pytest.raises(UserError, match=r"modules-to-save lm_head: .*name embed_tokens"):
        declare_adapter(MODELS["tied"], replace(ADAPTER, saved=("head",)))
