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

Reduction = Literal["token", "row"]
LOGITS_BYTES = 2**28  # of fp32 logits that a device holds at a time
TILE = 128  # chunks are multiples of it where they may be: matrix units work in such tiles


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


@partial(jax.custom_vjp, nondiff_argnums=(4, 5))
def head_loss(
    hidden: Float[Array, "B T E"],
    head: Float[Array, "E V"],
    targets: Int[Array, "B T"],
    weights: Float[Array, "B T"],
    chunk: int | None = None,
    layout: ArrayLayout = ONE_DEVICE,
) -> LossAndAccuracy:
    """Compute the loss of the logits hidden @ head.

    chunk: the logits of so many tokens of each row are made at a time (None: of all).
    layout: where head lives, and its gradient with it.

    The product is in hidden's dtype, everything after it in fp32. The gradient is made along with the loss, while the
    logits of a chunk are in memory, so that nothing of their size is stored or made twice (the idea is that of Hsu et
    al., "Liger Kernel", 2024). Softmax minus one-hot is written out: jax's own gradient scatters into the logits and
    stores a second copy of them. Only hidden and head have a gradient, and only the gradient of the loss: nothing flows
    to the weights, or from the accuracy.
    """
    gathered = layout.constrain(head.astype(hidden.dtype), (None, "vocab"))

    def of_chunk(*part: Array) -> tuple[LossAndAccuracy, None]:
        return _losses(gathered, *part).sums, None

    return _over_chunks(of_chunk, (hidden, targets, weights), chunk)[0]


class _Losses(NamedTuple):
    """Hold the sums of a chunk, and what its gradient is made from."""

    sums: LossAndAccuracy
    logits: Array
    log_total: Array


def _losses(head: Array, hidden: Array, targets: Array, weights: Array) -> _Losses:
    flat_hidden, flat_targets, flat_weights = hidden.reshape(-1, hidden.shape[-1]), targets.ravel(), weights.ravel()
    logits = jnp.matmul(flat_hidden, head, preferred_element_type=jnp.float32)
    largest = logits.max(axis=-1)
    log_total = largest + jnp.log(jnp.exp(logits - largest[:, None]).sum(axis=-1))
    of_target = jnp.take_along_axis(logits, flat_targets[:, None], axis=-1)[:, 0]
    loss = jnp.sum(flat_weights * (log_total - of_target))
    is_likeliest = (of_target >= largest).astype(jnp.float32)
    return _Losses(LossAndAccuracy(loss, jnp.sum(flat_weights * is_likeliest)), logits, log_total)


def _forward(
    hidden: Array, head: Array, targets: Array, weights: Array, chunk: int | None, layout: ArrayLayout
) -> tuple[LossAndAccuracy, tuple[Array, Array]]:
    gathered = layout.constrain(head.astype(hidden.dtype), (None, "vocab"))

    def of_chunk(hidden: Array, targets: Array, weights: Array) -> tuple[tuple[LossAndAccuracy, Array], Array]:
        sums, logits, log_total = _losses(gathered, hidden, targets, weights)
        is_target = jnp.arange(logits.shape[-1]) == targets.ravel()[:, None]
        of_logits = (jnp.exp(logits - log_total[:, None]) - is_target.astype(jnp.float32)) * weights.ravel()[:, None]
        of_logits = of_logits.astype(hidden.dtype)
        flat = hidden.reshape(-1, hidden.shape[-1])
        of_head = jnp.matmul(flat.T, of_logits, preferred_element_type=head.dtype)
        of_hidden = jnp.matmul(of_logits, gathered.T).reshape(hidden.shape)
        return (sums, layout.constrain(of_head, ("embed", "vocab"))), of_hidden

    (sums, of_head), of_hidden = _over_chunks(of_chunk, (hidden, targets, weights), chunk)
    return sums, (of_hidden, of_head)


def _backward(
    chunk: int | None, layout: ArrayLayout, gradients: tuple[Array, Array], cotangents: LossAndAccuracy
) -> tuple[Array, Array, None, None]:
    of_hidden, of_head = gradients
    return of_hidden * cotangents.loss.astype(of_hidden.dtype), of_head * cotangents.loss, None, None


head_loss.defvjp(_forward, _backward)


def _over_chunks(
    of_chunk: Callable[..., tuple[Any, Any]], arrays: tuple[Array, ...], chunk: int | None
) -> tuple[Any, Any]:
    """Call a function on chunks of the arrays' second axis; sum its first results, join its second ones."""
    rows, length = arrays[0].shape[:2]
    if chunk is None or chunk >= length:
        return of_chunk(*arrays)
    whole = length // chunk * chunk
    parts = [x[:, :whole].reshape(rows, -1, chunk, *x.shape[2:]).swapaxes(0, 1) for x in arrays]
    rest = [x[:, whole:] for x in arrays]
    first = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), jax.eval_shape(of_chunk, *(x[0] for x in parts))[0])

    def add(total: Any, part: list[Array]) -> tuple[Any, Any]:
        summed, joined = of_chunk(*part)
        return jax.tree.map(jnp.add, total, summed), joined

    total, joined = jax.lax.scan(add, first, parts)
    joined = jax.tree.map(lambda x: x.swapaxes(0, 1).reshape(rows, whole, *x.shape[3:]), joined)
    if whole < length:
        total, of_rest = add(total, rest)
        joined = jax.tree.map(lambda x, y: jnp.concatenate([x, y], axis=1), joined, of_rest)
    return total, joined
