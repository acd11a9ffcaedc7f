"""What belongs to a layer's kind is chosen by its number, inside a loop over layers too, and in the whole decoder."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.model import decoder
from commit_llm.model.choice_by_kind import by_kind, call_of_kind, kind_numbers, windows_of_kinds
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import forward
from commit_llm.model.execution import Execution
from commit_llm.model.fast_attention import cudnn_attention, splash_attention
from commit_llm.model.layer_kinds import LayerKind, Rope
from tests.model.attention_cases import packed
from tests.model.test_decoder import draw_parameters
from tests.tiers import in_long_tier

SIZES = (9, 32, 8, 4, 4, 4, 8)
TWO_KINDS = ModelConfig(*SIZES, kinds=(LayerKind(6), LayerKind()), pattern=(0, 0, 1, 0))
THREE_KINDS = ModelConfig(
    vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=4, num_attention_heads=4,
    num_key_value_heads=2, head_dim=8, kinds=(LayerKind(7, Rope(1e4)), LayerKind(None, Rope(1e6)), LayerKind(40, None)),
    pattern=(0, 2, 1, 0), attention_multiplier=0.5,
)  # fmt: skip


def test_the_number_of_every_layer():
    assert kind_numbers(ModelConfig(*SIZES)) == (0, 0, 0, 0)
    assert kind_numbers(TWO_KINDS) == (0, 0, 1, 0)
    assert [kind.window for kind in TWO_KINDS.layer_kinds] == [6, 6, None, 6]
    with pytest.raises(UserError, match="3 layers have a kind; num_hidden_layers is 4"):
        ModelConfig(*SIZES, kinds=TWO_KINDS.kinds, pattern=(0, 0, 1))


@pytest.mark.parametrize(("length", "windows"), [(5, [None, None]), (6, [None, None]), (7, [6, None])])
def test_a_window_counts_where_it_hides_something(length, windows):
    assert windows_of_kinds(TWO_KINDS, length) == windows


def test_one_value_for_all_is_not_chosen():
    value = jnp.ones(3)
    assert by_kind([value, value])(jnp.int32(1)) is value
    one = len
    assert call_of_kind([one, one], jnp.int32(1), "abc") == 3


def test_a_loop_goes_through_the_kinds():
    values = by_kind([(jnp.array(1.0), jnp.array(2.0)), (jnp.array(30.0), jnp.array(40.0))])
    plus_one, double = (lambda x: x + 1.0), (lambda x: x * 2.0)

    def layer(total, kind):
        first, second = values(kind)
        return call_of_kind([plus_one, double], kind, total) + first * second, None

    total, _ = jax.lax.scan(layer, 0.0, jnp.array(kind_numbers(TWO_KINDS)))
    assert float(total) == ((0 + 1 + 2) + 1 + 2) * 2 + 1200 + 1 + 2
    np.testing.assert_array_equal(values(1), [30.0, 40.0])


def logits_and_gradients(execution):
    """Of a packed, padded row; the gradients are those of all parameters."""
    params = jax.tree.map(lambda x: 4 * x, draw_parameters(THREE_KINDS, jax.random.key(0)))
    segments, positions = packed(1, 128)
    tokens = jax.random.randint(jax.random.key(1), (1, 128), 0, THREE_KINDS.vocab_size)

    def loss(params):
        logits = forward(THREE_KINDS, params, tokens, segments, positions, execution=execution)
        return jnp.where(segments > 0, jax.nn.log_softmax(logits)[..., 5], 0.0).sum(), logits

    (_, logits), gradients = jax.jit(jax.value_and_grad(loss, has_aux=True))(params)
    return logits, gradients


@pytest.fixture(scope="module")
def expected():
    return logits_and_gradients(Execution())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attention", "remat", "unroll"),
    [
        ("cudnn", "none", False), ("splash", "nothing", False), ("reference", "nothing", True),
        ("by_row", "nothing", False),
        *in_long_tier(
            ("cudnn", "none", True), ("cudnn", "dots", False), ("cudnn", "dots", True), ("cudnn", "nothing", False),
            ("cudnn", "nothing", True), ("splash", "none", False),
        ),
    ],
)  # fmt: skip
def test_every_attention_takes_the_window_of_its_layer(expected, attention, remat, unroll, monkeypatch):
    """Three kinds in four layers, chosen by a traced number in a scan; a window off by one is far above rounding."""
    monkeypatch.setitem(decoder.FAST_ATTENTION, "splash", functools.partial(splash_attention, interpret=True))
    monkeypatch.setitem(decoder.FAST_ATTENTION, "cudnn", functools.partial(cudnn_attention, implementation="xla"))
    logits, gradients = logits_and_gradients(Execution(attention=attention, remat=remat, unroll=unroll))
    np.testing.assert_allclose(logits, expected[0], rtol=0, atol=2e-5)  # of up to 13
    for ours, theirs in zip(jax.tree.leaves(gradients), jax.tree.leaves(expected[1]), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=5e-5 * jnp.abs(theirs).max())
