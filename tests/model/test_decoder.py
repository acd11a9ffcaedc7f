"""The decoder: against the original's forward pass, and by properties."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.block import norm
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import embed, forward
from commit_llm.model.execution import Execution
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation, forgetful_keys

SMALL = ModelConfig(
    vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8,
)  # fmt: skip


# Compiled whole: to compile every operation by itself takes several times as long.
draw_parameters = jax.jit(init_parameters, static_argnums=0)
whole_forward = jax.jit(forward, static_argnums=0, static_argnames=("regularisation", "execution"))


def draw_tokens(rows, length, seed=1):
    return jnp.array(np.random.default_rng(seed).integers(0, SMALL.vocab_size, (rows, length), np.int32))


@pytest.fixture(scope="module")
def params():
    return draw_parameters(SMALL, jax.random.key(0))


def test_forward_pass_of_the_original(shared, tiny):
    config, params = tiny
    golden = np.load(shared.golden("tiny_forward.npz"))
    for unroll in (False, True):
        logits = np.asarray(
            jax.jit(lambda p, x, u=unroll: forward(config, p, x, execution=Execution(unroll=u)))(
                params, golden["input_tokens"]
            )
        )
        np.testing.assert_allclose(logits[..., ::64], golden["logits_every64"], rtol=0, atol=1e-6)
        np.testing.assert_allclose(jax.nn.logsumexp(logits, axis=-1), golden["logsumexp"], rtol=1e-6)
        np.testing.assert_array_equal(logits.argmax(-1), golden["argmax"])


def test_bf16_norms_are_used_in_fp32():
    """A scale of 0.01 with an offset of 1 is 1.01; in bfloat16 it would be 1.0078125."""
    config = dataclasses.replace(SMALL, norm_offset=1)
    scale, x = jnp.full(4, 0.01, jnp.bfloat16), jnp.ones((1, 4))
    normed = norm(config, {"final_norm": scale}, "final_norm", x)
    np.testing.assert_array_equal(normed, norm(config, {"final_norm": scale.astype(jnp.float32)}, "final_norm", x))
    assert float(normed[0, 0]) == pytest.approx(1 + float(scale[0]), rel=1e-6)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_gradient_of_a_bf16_embedding_is_summed_in_fp32(dtype):
    """Of a token that comes 1,000 times: a sum of ones in bfloat16 ends at 256."""
    tokens, embedding = jnp.zeros((2, 500), jnp.int32), jnp.ones((3, 4), jnp.bfloat16)

    def total(embedding):
        return embed(SMALL, {"embedding": embedding}, tokens, dtype).astype(jnp.float32).sum()

    gradient = jax.jit(jax.grad(total))(embedding)
    assert gradient.dtype == jnp.bfloat16
    np.testing.assert_array_equal(gradient.astype(jnp.float32), [[1000.0] * 4, [0.0] * 4, [0.0] * 4])


def test_a_token_sees_nothing_later(params):
    tokens = draw_tokens(1, 12)
    other = tokens.at[0, 7].set((tokens[0, 7] + 1) % 97)
    before, after = (np.asarray(whole_forward(SMALL, params, row)) for row in (tokens, other))
    np.testing.assert_array_equal(before[:, :7], after[:, :7])
    assert (before[:, 7:] != after[:, 7:]).any(axis=-1).all()


@pytest.mark.slow
def test_no_gradient_flows_from_a_token_to_a_later_one(params):
    """Causality by gradients: of the logits at each place with respect to every embedding."""
    tokens = jnp.arange(8)[None]  # every token another row of the embedding

    def logits_at(embedding, place):
        return forward(SMALL, params | {"embedding": embedding}, tokens)[0, place].sum()

    for place in range(8):
        gradient = jax.grad(logits_at)(params["embedding"], place)
        reached = np.abs(gradient).sum(axis=1)[:8] > 0
        assert reached.tolist() == [True] * (place + 1) + [False] * (7 - place)


def test_segments_are_as_if_alone(params):
    tokens = draw_tokens(1, 12)
    segment_ids = np.array([[1] * 5 + [2] * 4 + [0] * 3])
    positions = np.array([[*range(5), *range(4), 0, 0, 0]])
    packed = whole_forward(SMALL, params, tokens, segment_ids, positions)
    for start, stop in ((0, 5), (5, 9)):
        alone = whole_forward(SMALL, params, tokens[:, start:stop])
        np.testing.assert_allclose(np.asarray(packed)[:, start:stop], alone, rtol=0, atol=1e-6)
    assert np.isfinite(packed).all()


@pytest.mark.slow
def test_nothing_is_random_without_a_key_and_the_same_key_is_the_same_noise(params):
    tokens = draw_tokens(2, 12)
    rates = Regularisation(0.1, 0.1, 0.1, 0.0, 0.5)
    plain = forward(SMALL, params, tokens)
    np.testing.assert_array_equal(plain, forward(SMALL, params, tokens, regularisation=rates))
    noisy = [forward(SMALL, params, tokens, regularisation=rates, dropout_key=jax.random.key(k)) for k in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert (noisy[0] != noisy[2]).any()
    assert (noisy[0] != plain).any()


@pytest.mark.slow
@pytest.mark.parametrize("rate", ["embd_pdrop", "resid_pdrop", "attn_pdrop", "fcm_max_ratio"])
def test_every_kind_of_noise_is_there(params, rate):
    tokens = draw_tokens(2, 12)
    rates = Regularisation(**{rate: 0.5})
    noisy = whole_forward(SMALL, params, tokens, regularisation=rates, dropout_key=jax.random.key(0))
    assert (np.asarray(noisy) != whole_forward(SMALL, params, tokens)).any()
    assert np.isfinite(noisy).all()


@pytest.mark.slow
@pytest.mark.parametrize("remat", ["dots", "nothing"])
def test_rematerialisation_changes_nothing(params, remat):
    tokens = draw_tokens(2, 12)
    rates = Regularisation(0.1, 0.1, 0.1, 0.0, 0.1)

    def gradients(how, unroll):
        def loss(p):
            return forward(
                SMALL, p, tokens, regularisation=rates, dropout_key=jax.random.key(0),
                execution=Execution(remat=how, unroll=unroll),
            ).sum()  # fmt: skip

        return jax.jit(jax.grad(loss))(params)

    expected, rematerialised = gradients("none", False), gradients(remat, True)
    for pair in zip(jax.tree.leaves(rematerialised), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(*pair, rtol=2e-5, atol=2e-4)


@pytest.mark.slow
def test_a_forgotten_key_is_forgotten_in_every_layer(params):
    """By gradients: did any of the layers see it, something of it would reach the tokens after it."""
    rates, key = Regularisation(fcm_min_ratio=0.5, fcm_max_ratio=0.6), jax.random.key(5)
    tokens, ones = jnp.arange(12)[None], jnp.ones((1, 12), int)
    drawn = jax.jit(lambda key: forgetful_keys(jax.random.split(key, 3)[1], ones, tokens, 0.5, 0.6))(key)
    keep = np.asarray(drawn)[0]
    assert 2 <= keep.sum() < 11

    def last_logits(embedding):
        return forward(SMALL, params | {"embedding": embedding}, tokens, regularisation=rates, dropout_key=key)[
            0, -1
        ].sum()

    reached = np.abs(jax.jit(jax.grad(last_logits))(params["embedding"])).sum(axis=1)[:12] > 0
    assert reached[:-1].tolist() == keep[:-1].tolist()  # the last token reaches its own logits in any case


def test_grouped_heads_are_key_value_heads_repeated(params):
    def repeat(kernel):  # (layers, embed, 2 heads * 8) to 4 heads, each one twice
        return np.repeat(np.asarray(kernel).reshape(3, 32, 2, 8), 2, axis=2).reshape(3, 32, 32)

    layers = params["layers"] | {name: repeat(params["layers"][name]) for name in ("key", "value")}
    tokens = draw_tokens(1, 12)
    wide = whole_forward(dataclasses.replace(SMALL, num_key_value_heads=4), params | {"layers": layers}, tokens)
    np.testing.assert_allclose(wide, whole_forward(SMALL, params, tokens), rtol=0, atol=1e-6)


@pytest.mark.parametrize("shared", [True, False])
def test_the_original_s_attention_dropout_is_one_mask_for_all_rows(params, shared):
    rates = Regularisation(attn_pdrop=0.5, shared_attention_mask=shared)
    rows = np.tile(np.arange(12), (2, 1))
    out = whole_forward(SMALL, params, rows, regularisation=rates, dropout_key=jax.random.key(0))
    assert np.allclose(*np.asarray(out), atol=1e-6) == shared


def test_every_dropout_has_a_key_of_its_own(params, monkeypatch):
    keys = []

    def spy(x, rate, key, layout):
        jax.debug.callback(lambda data: keys.append(np.asarray(data).tobytes()), jax.random.key_data(key))
        return x

    monkeypatch.setattr("commit_llm.model.decoder.dropout", spy)
    jax.jit(lambda key: forward(SMALL, params, jnp.zeros((1, 4), int), dropout_key=key))(jax.random.key(0))
    jax.effects_barrier()
    assert len(keys) == len(set(keys)) == 1 + 2 * SMALL.num_hidden_layers


def test_a_fast_attention_refuses_dropout(params):
    tokens = jnp.arange(8)[None]
    with pytest.raises(ValueError, match=r"splash attention has no dropout, and attn_pdrop is 0\.1"):
        forward(
            SMALL,
            params,
            tokens,
            execution=Execution(attention="splash"),
            regularisation=Regularisation(attn_pdrop=0.1),
        )
