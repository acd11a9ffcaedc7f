"""Cross-entropy over the supervised tokens of a batch.

Both reductions are a weighted sum over tokens, sum_bt w_bt nll_bt, whose weights depend on the masks of
the whole batch only; a part of the batch can therefore be summed by itself (gradient accumulation).
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

Reduction = Literal["token", "row"]


class LossAndAccuracy(NamedTuple):
    """Weighted sums over the tokens given."""

    loss: Float[Array, ""]
    accuracy: Float[Array, ""]


def token_weights(loss_masks: Float[Array, "B T"], reduction: Reduction) -> Float[Array, "B T"]:
    """The weight of each token in the loss.

    token: 1 / (supervised tokens of the batch). row: 1 / (rows * supervised tokens of the row), and a
    row without any counts 0, as in the original.
    """
    if reduction == "token":
        return loss_masks / jnp.maximum(jnp.sum(loss_masks), 1.0)
    supervised = jnp.sum(loss_masks, axis=1, keepdims=True)
    return loss_masks / jnp.maximum(supervised, 1.0) / loss_masks.shape[0]


def weighted_loss(
    logits: Float[Array, "B T V"], targets: Int[Array, "B T"], weights: Float[Array, "B T"]
) -> LossAndAccuracy:
    """Sums of weight times -log p(target), and of weight where no token is likelier than the target."""
    negative_log_likelihood, correct = token_loss(logits.astype(jnp.float32), targets)
    return LossAndAccuracy(jnp.sum(weights * negative_log_likelihood), jnp.sum(weights * correct))


@jax.custom_vjp
def token_loss(
    logits: Float[Array, "B T V"], targets: Int[Array, "B T"]
) -> tuple[Float[Array, "B T"], Bool[Array, "B T"]]:
    """-log p(target) of each token, and whether no token is likelier.

    The gradient, softmax minus one-hot, is written out: jax's own scatters into the logits and keeps a
    second copy of them (a third of the loss's time on a CPU).
    """
    return _token_loss(logits, targets)[0]


def _token_loss(logits: Array, targets: Array) -> tuple[tuple[Array, Array], tuple[Array, Array, Array]]:
    largest = logits.max(axis=-1)
    log_total = largest + jnp.log(jnp.exp(logits - largest[..., None]).sum(axis=-1))
    of_target = jnp.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (log_total - of_target, of_target >= largest), (logits, targets, log_total)


def _token_loss_gradient(kept: tuple[Array, Array, Array], given: tuple[Array, Any]) -> tuple[Array, None]:
    logits, targets, log_total = kept
    is_target = jnp.arange(logits.shape[-1]) == targets[..., None]
    return (jnp.exp(logits - log_total[..., None]) - is_target) * given[0][..., None], None


token_loss.defvjp(_token_loss, _token_loss_gradient)
