"""Both reductions of the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.decoder import forward
from commit_llm.model.head import PLAIN_LOGITS, LogitRule
from commit_llm.train.loss import chunk_of, head_loss, token_weights
from tests.model.test_decoder import SMALL, draw_parameters, draw_tokens

MASKS = jnp.array([[1.0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])


compiled_loss = jax.jit(head_loss)


def test_weights_of_a_token():
    np.testing.assert_allclose(token_weights(MASKS, "token"), MASKS / 4)
    np.testing.assert_allclose(token_weights(MASKS, "row"), [[1 / 9] * 3 + [0], [0, 1 / 3, 0, 0], [0] * 4], rtol=1e-6)


def test_a_batch_without_supervised_tokens_costs_nothing():
    for reduction in ("token", "row"):
        weights = token_weights(jnp.zeros((2, 3)), reduction)
        loss = compiled_loss(jnp.ones((2, 3, 5)), jnp.eye(5), jnp.zeros((2, 3), jnp.int32), weights)
        assert float(loss.loss) == 0.0


def test_loss_and_accuracy_by_hand():
    logits = jnp.log(jnp.array([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]]))
    sums = compiled_loss(logits, jnp.eye(3), jnp.array([[0, 2]]), jnp.array([[0.5, 0.5]]))
    assert float(sums.loss) == pytest.approx(-(np.log(0.5) + np.log(0.1)) / 2)
    assert float(sums.accuracy) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("chunk", "rule"),
    [
        *((chunk, PLAIN_LOGITS) for chunk in (None, 1, 2, 3, 5)),
        (2, LogitRule(0.5)),
        *(pytest.param(chunk, LogitRule(3.0, 1.5), marks=pytest.mark.slow) for chunk in (None, 2)),
        pytest.param(2, LogitRule(softcap=1.5), marks=pytest.mark.slow),
    ],
)
def test_the_gradient_is_that_of_log_softmax_however_it_is_cut(chunk, rule):
    """Of a sum that has another factor too, so that the gradient given to the loss is not 1."""
    rng = np.random.default_rng(0)
    hidden, head = jnp.array(rng.normal(size=(2, 5, 4)), "f4"), jnp.array(rng.normal(size=(4, 7)), "f4")
    targets = jnp.array(rng.integers(0, 7, (2, 5)))
    weights = jnp.array([[0.2, 0.0, 0.3, 0.1, 0.2], [0.1, 0.0, 0.1, 0.5, 0.3]])

    def plainly(hidden, head):
        chosen = jnp.take_along_axis(jax.nn.log_softmax(rule.logits(hidden @ head)), targets[..., None], -1)[..., 0]
        return -3 * jnp.sum(weights * chosen)

    def ours(hidden, head):
        return 3 * head_loss(hidden, head, targets, weights, chunk, rule=rule).loss

    one, other = (jax.jit(jax.value_and_grad(function, (0, 1)))(hidden, head) for function in (plainly, ours))
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(jax.jit(ours)(hidden, head), one[0], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("chunk", "tied"), [(None, False), (64, True), (100, False)])
def test_loss_and_gradient_are_the_same_whichever_tokens_are_trained(chunk, tied):
    """Of masks after which the last chunk has every width, beside the plain definition over all tokens."""
    rows, length, rng = 4, 150, np.random.default_rng(1)
    hidden, head = rng.normal(size=(rows, length, 6)).astype("f4"), rng.normal(size=(6, 11)).astype("f4")
    targets = jnp.array(rng.integers(0, 11, (rows, length)))
    shares = [0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1]
    masks = [rng.random((rows, length)) < share for share in shares]
    masks.append(masks[3] * np.array([[1], [0], [1], [1]]))  # a row without any trained token
    masks.append(np.arange(length) >= np.array([[150], [0], [149], [20]]))  # one row whole, one empty

    def plainly(hidden, head, weights):
        logits = hidden @ head
        of_target = jnp.take_along_axis(logits, targets[..., None], -1)[..., 0]
        losses = jax.nn.logsumexp(logits, axis=-1) - of_target
        return jnp.sum(weights * losses), jnp.sum(weights, where=logits.argmax(-1) == targets)

    def ours(hidden, head, weights):
        return tuple(head_loss(hidden, head.T if tied else head, targets, weights, chunk, tied=tied))

    both = [jax.jit(jax.value_and_grad(function, (0, 1), has_aux=True)) for function in (plainly, ours)]
    only_sums = jax.jit(ours)
    for mask in masks:
        for reduction in ("token", "row"):
            weights = token_weights(jnp.array(mask, "f4"), reduction)
            (expected, of_expected), (got, of_got) = (function(hidden, head, weights) for function in both)
            np.testing.assert_allclose(got, expected, rtol=1e-5)
            np.testing.assert_allclose(only_sums(hidden, head, weights), expected, rtol=1e-5)
            for a, b in zip(of_got, of_expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
            assert not np.any(np.asarray(of_got[0])[mask == 0])


@pytest.mark.parametrize("chunk", [None, 7])
def test_bfloat16_products_give_fp32_sums_and_an_fp32_gradient_of_the_head(chunk):
    rng = np.random.default_rng(0)
    hidden, head = rng.normal(size=(2, 24, 32)).astype("f4"), 0.2 * rng.normal(size=(32, 96)).astype("f4")
    targets, weights = jnp.array(rng.integers(0, 96, (2, 24))), jnp.full((2, 24), 1 / 48)

    def gradients(hidden):
        function = jax.value_and_grad(lambda *given: head_loss(*given, targets, weights, chunk).loss, (0, 1))
        return jax.jit(function)(hidden, head)

    (loss, exactly), (rounded_loss, rounded) = gradients(hidden), gradients(hidden.astype(jnp.bfloat16))
    assert [x.dtype for x in (rounded_loss, *rounded)] == [jnp.float32, jnp.bfloat16, jnp.float32]
    assert float(rounded_loss) == pytest.approx(float(loss), rel=1e-3)
    for ours, theirs in zip(rounded, exactly, strict=True):
        np.testing.assert_allclose(np.asarray(ours, "f4"), theirs, atol=0.01 * np.abs(theirs).max())


@pytest.mark.parametrize("tied", [pytest.param(False, marks=pytest.mark.slow), True])
def test_the_gradient_of_a_bf16_head_is_summed_in_fp32_and_rounded_once(tied):
    """Over 64 chunks; summed in bfloat16 it would be off by up to a percent."""
    rng = np.random.default_rng(0)
    hidden = jnp.array(rng.normal(size=(1, 64 * 128, 8)), jnp.bfloat16)
    head = jnp.array(rng.normal(size=(8, 16)), jnp.bfloat16)
    targets, weights = jnp.array(rng.integers(0, 16, hidden.shape[:2])), jnp.full(hidden.shape[:2], 1.0)

    def gradient(dtype):
        given = (head.T if tied else head).astype(dtype)
        loss = lambda given: head_loss(hidden, given, targets, weights, 128, tied=tied).loss  # noqa: E731
        return jax.jit(jax.grad(loss))(given)

    rounded = gradient(jnp.bfloat16)
    assert rounded.dtype == jnp.bfloat16
    np.testing.assert_array_equal(rounded, gradient(jnp.float32).astype(jnp.bfloat16))


def test_chunks_hold_the_logits_they_may():
    assert chunk_of(2, 512, 32_000) is None
    assert chunk_of(16, 512, 32_000) == 128
    assert chunk_of(64, 512, 32_000) == 32
    assert chunk_of(2**40, 512, 32_000) == 1


@pytest.mark.slow
def test_packed_examples_give_the_losses_they_give_alone():
    params = draw_parameters(SMALL, jax.random.key(0))
    tokens = draw_tokens(1, 10)
    targets = draw_tokens(1, 10, seed=2)
    ones = jnp.ones((1, 10))

    def loss_of(logits, targets, weights):
        return head_loss(logits, jnp.eye(97), targets, weights)

    packed = loss_of(
        forward(SMALL, params, tokens, jnp.array([[1] * 6 + [2] * 4]), jnp.array([[*range(6), *range(4)]])),
        targets,
        ones,
    )
    alone = [
        loss_of(forward(SMALL, params, tokens[:, here]), targets[:, here], ones[:, here]).loss
        for here in (slice(0, 6), slice(6, 10))
    ]
    assert float(packed.loss) == pytest.approx(float(sum(alone)), rel=1e-6)


@pytest.mark.parametrize("chunk", [None, 7])
@pytest.mark.parametrize("tied", [False, True])
def test_a_frozen_head_has_no_gradient_and_the_rest_is_the_same_to_the_bit(chunk, tied):
    rng = np.random.default_rng(0)
    hidden, head = rng.normal(size=(2, 24, 32)).astype("f4"), 0.2 * rng.normal(size=(32, 96)).astype("f4")
    targets, weights = jnp.array(rng.integers(0, 96, (2, 24))), jnp.full((2, 24), 1 / 48)
    head = head.T if tied else head

    def gradients(frozen):
        def loss(hidden, head):
            return head_loss(hidden, head, targets, weights, chunk, tied=tied, frozen=frozen).loss

        return jax.jit(jax.value_and_grad(loss, (0, 1))).lower(hidden, head).compile()

    (trained, (of_hidden, of_head)), (loss, (frozen_hidden, frozen_head)) = (
        gradients(frozen)(hidden, head) for frozen in (False, True)
    )
    assert loss == trained
    assert np.array_equal(of_hidden, frozen_hidden)
    assert np.any(of_head)
    assert not np.any(frozen_head)
    operations = [gradients(frozen).cost_analysis()["flops"] for frozen in (False, True)]
    products = 2 * hidden.size * 96  # of one of the three
    assert operations[0] - operations[1] > 0.8 * products or chunk is not None  # what is in a loop is not counted
