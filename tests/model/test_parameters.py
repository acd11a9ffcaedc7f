"""What is declared of every parameter, and what is drawn, counted and cast by it."""

import dataclasses

import jax
import jax.numpy as jnp

from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import LayerKind
from commit_llm.model.parameters import (
    cast_matrices,
    count_parameters,
    declare,
    init_parameters,
    map_declared,
    training_flops_a_token,
)
from tests.model.test_decoder import SMALL

LLAMA_7B = ModelConfig(32000, 4096, 11008, 32, 32, 32, 128)


def test_parameters_are_as_declared():
    params = init_parameters(SMALL, jax.random.key(0))
    shapes = map_declared(lambda parameter: parameter.shape, declare(SMALL))
    assert jax.tree.map(lambda p: p.shape, params) == jax.tree.map(
        tuple, shapes, is_leaf=lambda x: isinstance(x, tuple)
    )
    assert count_parameters(SMALL) == sum(p.size for p in jax.tree.leaves(params))
    kernels = [leaf for leaf in jax.tree.leaves(params) if leaf.size > 1000]
    assert all(abs(float(kernel.std()) - 0.02) < 0.001 for kernel in kernels)
    assert "head" not in declare(dataclasses.replace(SMALL, tie_word_embeddings=True))


def test_what_a_layer_holds_follows_the_configuration():
    plain = set(declare(SMALL)["layers"])
    kernels = {"query", "key", "value", "output", "gate", "up", "down"}
    assert plain == kernels | {"attention_norm", "mlp_norm"}
    after = declare(dataclasses.replace(SMALL, norms="after", qk_norm="whole", biases=("key", "output", "up")))[
        "layers"
    ]
    biases = {"key_bias", "output_bias", "up_bias"}
    assert set(after) == kernels | biases | {"attention_post_norm", "mlp_post_norm", "query_norm", "key_norm"}
    kv_width = SMALL.num_key_value_heads * SMALL.head_dim
    assert after["key_norm"].shape == after["key_bias"].shape == (SMALL.num_hidden_layers, kv_width)
    assert (after["key_bias"].axes, after["output_bias"].axes) == (("layers", "heads"), ("layers", "norm"))
    around = declare(dataclasses.replace(SMALL, norms="around", qk_norm="head", norm_offset=1))
    assert set(around["layers"]) == plain | set(after) - biases
    assert around["layers"]["query_norm"].shape == (SMALL.num_hidden_layers, SMALL.head_dim)
    assert {around["final_norm"].begins, around["layers"]["mlp_norm"].begins} == {0.0}  # and 1 is added
    assert after["up_bias"].begins == 0.0
    assert after["query_norm"].begins == 1.0


def test_size_of_llama_7b():
    assert count_parameters(LLAMA_7B) == 6_738_415_616


def test_only_matrices_are_cast():
    cast = cast_matrices(init_parameters(SMALL, jax.random.key(0)), jnp.bfloat16)
    norms = {"attention_norm", "mlp_norm", "final_norm"}
    for name, array in (cast | cast["layers"]).items():
        if name != "layers":
            assert array.dtype == (jnp.float32 if name in norms else jnp.bfloat16), name


def test_operations_of_a_token():
    """40.05 GFLOP for LLaMA-7B at 512 tokens, counted anew: six for each number of a matrix, and the causal half."""
    of_layer = 4 * 4096 * 4096 + 3 * 4096 * 11008
    attention = 12 * 4096 * 512 / 2
    assert training_flops_a_token(LLAMA_7B, 512) == 6 * (32 * of_layer + 32000 * 4096) + 32 * attention
    assert round(training_flops_a_token(LLAMA_7B, 512) / 1e9, 2) == 40.05
    tied = dataclasses.replace(LLAMA_7B, tie_word_embeddings=True)
    assert training_flops_a_token(tied, 512) == training_flops_a_token(LLAMA_7B, 512)  # the head is still computed
    window = dataclasses.replace(LLAMA_7B, kinds=(LayerKind(128), LayerKind()), pattern=(0,) * 31 + (1,))
    seen = sum(min(token + 1, 128) for token in range(512)) - 128 / 2  # half of its own token, as in the causal half
    assert (
        training_flops_a_token(window, 512)
        == 6 * (32 * of_layer + 32000 * 4096) + attention + 31 * 12 * 4096 * seen / 512
    )
    biased = dataclasses.replace(LLAMA_7B, biases=("query", "up"), qk_norm="head")
    assert training_flops_a_token(biased, 512) == training_flops_a_token(LLAMA_7B, 512)
    grouped = dataclasses.replace(LLAMA_7B, num_key_value_heads=8)
    assert training_flops_a_token(LLAMA_7B, 512) - training_flops_a_token(grouped, 512) == 6 * 32 * 2 * 4096 * 3072
