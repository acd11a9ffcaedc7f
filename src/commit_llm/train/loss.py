"""Cross-entropy over the supervised tokens of a batch, without all its logits in memory at once.

Both reductions are a weighted sum over tokens, sum_bt w_bt nll_bt, whose weights depend on the masks of
the whole batch only; a part of the batch can therefore be summed by itself (gradient accumulation, and
the chunks of tokens here).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from commit_llm.model.execution import ONE_DEVICE, ArrayLayout
from commit_llm.model.head import PLAIN_LOGITS, LogitRule

Reduction = Literal["token", "row"]
LOGITS_BYTES = 2**28  # of fp32 logits that a device holds at a time
TILE = 128  # chunks are multiples of it where they may be: matrix units work in such tiles
MOST_WIDTHS = 8  # of the last chunk, each of which is compiled


class LossAndAccuracy(NamedTuple):
    """Hold weighted sums over tokens: of -log p(target), and of the targets that no token is likelier than."""

    loss: Float[Array, ""]
    accuracy: Float[Array, ""]


def token_weights(loss_masks: Float[Array, "B T"], reduction: Reduction) -> Float[Array, "B T"]:
    """Give the weight of each token in the loss.

    reduction: "token" gives 1 / (supervised tokens of the batch); "row" gives 1 / (rows * supervised tokens of the
        row), and 0 in a row without any, as the original does.
    """
    if reduction == "token":
        return loss_masks / jnp.maximum(jnp.sum(loss_masks), 1.0)
    supervised = jnp.sum(loss_masks, axis=1, keepdims=True)
    return loss_masks / jnp.maximum(supervised, 1.0) / loss_masks.shape[0]


def chunk_of(rows: int, seq_len: int, vocab_size: int) -> int | None:
    """Give the number of tokens of each row whose logits a device has in memory at a time; None stands for all.

    rows: that a device works on.
    vocab_size: of its part of the vocabulary.
    """
    chunk = max(1, LOGITS_BYTES // (4 * rows * vocab_size))
    if chunk >= seq_len:
        return None
    return chunk - chunk % TILE if chunk > TILE else chunk


@partial(jax.custom_vjp, nondiff_argnums=(4, 5, 6, 7, 8))
def head_loss(
    hidden: Float[Array, "B T E"],
    head: Float[Array, "E V"] | Float[Array, "V E"],
    targets: Int[Array, "B T"],
    weights: Float[Array, "B T"],
    chunk: int | None = None,
    layout: ArrayLayout = ONE_DEVICE,
    tied: bool = False,
    rule: LogitRule = PLAIN_LOGITS,
    frozen: bool = False,
) -> LossAndAccuracy:
    """Compute the loss of the logits that a rule makes of hidden @ head.

    chunk: the logits of so many tokens of each row are made at a time (None: of all).
    layout: where head lives, and its gradient with it.
    tied: head is the embedding, V E. Turned outside, it would be copied for the branches of a conditional.
    frozen: head is not trained. Its gradient, a third of the work here and V E numbers, is then not made: it is 0.

    The product is in hidden's dtype, everything after it in fp32. The gradient is made along with the loss, while the
    logits of a chunk are in memory, so that nothing of their size is stored or made twice (the idea is that of Hsu et
    al., "Liger Kernel", 2024). Softmax minus one-hot is written out: jax's own gradient scatters into the logits and
    stores a second copy of them. Few tokens without a weight have logits (`_over_trained`). Only hidden and head have a
    gradient, and only the gradient of the loss: nothing flows to the weights, or from the accuracy.
    """
    gathered = _gathered(head.astype(hidden.dtype), layout, tied)

    def of_chunk(*part: Array) -> tuple[LossAndAccuracy, None]:
        return _losses(gathered.T if tied else gathered, rule, *part).sums, None

    return _over_trained(of_chunk, (hidden, targets, weights), chunk)[0]


def _gathered(head: Array, layout: ArrayLayout, tied: bool) -> Array:
    return layout.constrain(head, ("vocab", None) if tied else (None, "vocab"))


class _Losses(NamedTuple):
    """Hold the sums of a chunk, and what its gradient is made from."""

    sums: LossAndAccuracy
    logits: Array
    log_total: Array


def _losses(head: Array, rule: LogitRule, hidden: Array, targets: Array, weights: Array) -> _Losses:
    flat_hidden, flat_targets, flat_weights = hidden.reshape(-1, hidden.shape[-1]), targets.ravel(), weights.ravel()
    logits = rule.logits(jnp.matmul(flat_hidden, head, preferred_element_type=jnp.float32))
    largest = logits.max(axis=-1)
    log_total = largest + jnp.log(jnp.exp(logits - largest[:, None]).sum(axis=-1))
    of_target = jnp.take_along_axis(logits, flat_targets[:, None], axis=-1)[:, 0]
    loss = jnp.sum(flat_weights * (log_total - of_target))
    is_likeliest = (of_target >= largest).astype(jnp.float32)
    return _Losses(LossAndAccuracy(loss, jnp.sum(flat_weights * is_likeliest)), logits, log_total)


def _forward(
    hidden: Array,
    head: Array,
    targets: Array,
    weights: Array,
    chunk: int | None,
    layout: ArrayLayout,
    tied: bool,
    rule: LogitRule,
    frozen: bool,
) -> tuple[LossAndAccuracy, tuple[Array, Array | None]]:
    gathered = _gathered(head.astype(hidden.dtype), layout, tied)

    def of_chunk(hidden: Array, targets: Array, weights: Array) -> tuple[tuple[LossAndAccuracy, Array | None], Array]:
        matrix = gathered.T if tied else gathered
        sums, logits, log_total = _losses(matrix, rule, hidden, targets, weights)
        is_target = jnp.arange(logits.shape[-1]) == targets.ravel()[:, None]
        of_logits = (jnp.exp(logits - log_total[:, None]) - is_target.astype(jnp.float32)) * weights.ravel()[:, None]
        if rule != PLAIN_LOGITS:
            of_logits = of_logits * rule.slopes(logits)
        of_logits = of_logits.astype(hidden.dtype)
        of_head = None
        if not frozen:
            flat = hidden.reshape(-1, hidden.shape[-1])
            of_head = jnp.matmul(flat.T, of_logits, preferred_element_type=jnp.float32)  # and summed so over chunks
            of_head = layout.constrain(*(of_head.T, ("vocab", "embed")) if tied else (of_head, ("embed", "vocab")))
        of_hidden = jnp.matmul(of_logits, matrix.T).reshape(hidden.shape)
        return (sums, of_head), of_hidden

    (sums, of_head), of_hidden = _over_trained(of_chunk, (hidden, targets, weights), chunk)
    return sums, (of_hidden, None if of_head is None else of_head.astype(head.dtype))


def _backward(
    chunk: int | None,
    layout: ArrayLayout,
    tied: bool,
    rule: LogitRule,
    frozen: bool,
    gradients: tuple[Array, Array | None],
    cotangents: LossAndAccuracy,
) -> tuple[Array, Array | None, None, None]:
    of_hidden, of_head = gradients
    return (
        of_hidden * cotangents.loss.astype(of_hidden.dtype),
        None if of_head is None else of_head * cotangents.loss.astype(of_head.dtype),
        None,
        None,
    )


head_loss.defvjp(_forward, _backward)


def _over_trained(
    of_chunk: Callable[..., tuple[Any, Any]], arrays: tuple[Array, ...], chunk: int | None
) -> tuple[Any, Any]:
    """Call a function on chunks of the arrays' second axis, and leave out most tokens without a weight.

    In each row the tokens with a weight go first. Chunks are made as far as the fullest row reaches, and the last one
    is as narrow as this row allows: instructions train a few percent of their tokens.

    arrays: the last one has the weights.
    Returns the sum of the function's first results, and its second ones joined, 0 for a token that is left out.
    """
    rows, length = arrays[-1].shape
    chunk = min(chunk or length, length)
    step = max(-(-TILE // rows), -(-chunk // MOST_WIDTHS))
    widths = [*range(step, chunk, step), chunk]
    if widths == [length]:
        return of_chunk(*arrays)
    trained = arrays[-1] != 0
    order = jnp.argsort(~trained, axis=1, stable=True)
    beyond = -length % chunk
    ordered = [_pad(_take(x, order), beyond) for x in arrays]
    fullest = jnp.maximum(jnp.sum(trained, axis=1).max(), 1)
    last = (fullest - 1) // chunk

    def of_tokens(start: Array, width: int) -> tuple[Any, Any]:
        return of_chunk(*(jax.lax.dynamic_slice_in_dim(x, start, width, axis=1) for x in ordered))

    def of_last(width: int, start: Array) -> tuple[Any, Any]:
        summed, part = of_tokens(start, width)
        return summed, jax.tree.map(lambda x: _pad(x, chunk - width), part)

    def put(joined: Any, part: Any, start: Array) -> Any:
        return jax.tree.map(lambda x, y: jax.lax.dynamic_update_slice_in_dim(x, y, start, axis=1), joined, part)

    def add(number: Array, sum_and_joined: tuple[Any, Any]) -> tuple[Any, Any]:
        summed, part = of_tokens(number * chunk, chunk)
        total, joined = sum_and_joined
        return jax.tree.map(jnp.add, total, summed), put(joined, part, number * chunk)

    branches = [partial(of_last, width) for width in widths]
    total, joined = jax.lax.switch((fullest - last * chunk - 1) // step, branches, last * chunk)
    if chunk < length:
        nothing = jax.tree.map(lambda x: _pad(jnp.zeros_like(x), length + beyond - chunk), joined)
        total, joined = jax.lax.fori_loop(0, last, add, (total, put(nothing, joined, last * chunk)))
    back = jnp.argsort(order, axis=1)
    return total, jax.tree.map(lambda x: _take(x, back), joined)


def _take(x: Array, order: Int[Array, "B T"]) -> Array:
    """Give the tokens of each row in an order."""
    return jnp.take_along_axis(x, order.reshape(*order.shape, *(1,) * (x.ndim - 2)), axis=1, mode="promise_in_bounds")


def _pad(x: Array, tokens: int) -> Array:
    """Put tokens that are 0 behind each row."""
    return jnp.pad(x, [(0, 0), (0, tokens), *((0, 0),) * (x.ndim - 2)])
