"""Cross-entropy over the supervised tokens of a batch.

Both reductions are a weighted sum over tokens, sum_bt w_bt nll_bt, whose weights depend on the masks of
the whole batch only; a part of the batch can therefore be summed by itself (gradient accumulation).
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

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
    """Sums of weight times -log p(target), and of weight where the most likely token is the target."""
    log_probabilities = jax.nn.log_softmax(logits.astype(jnp.float32), axis=-1)
    chosen = jnp.take_along_axis(log_probabilities, targets[..., None], axis=-1)[..., 0]
    correct = jnp.argmax(logits, axis=-1) == targets
    return LossAndAccuracy(-jnp.sum(weights * chosen), jnp.sum(weights * correct))
