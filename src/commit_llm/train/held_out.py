"""The loss of examples that are held out of training."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp

from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import forward
from commit_llm.model.parameters import Parameters
from commit_llm.train.loss import weighted_loss
from commit_llm.train.step import Batch

# (sum of losses, sum of right tokens, number of supervised tokens) of one batch.
Sums = tuple[jax.Array, jax.Array, jax.Array]


def make_held_out_step(config: ModelConfig, **options: Any) -> Callable[[Parameters, Batch], Sums]:
    """A pure function to be jitted: no dropout, no forgetful masking. options are those of the decoder."""

    def step(params: Parameters, batch: Batch) -> Sums:
        logits = forward(config, params, batch["input_tokens"], batch["segment_ids"], batch["positions"], **options)
        sums = weighted_loss(logits, batch["target_tokens"], batch["loss_masks"])
        return sums.loss, sums.accuracy, jnp.sum(batch["loss_masks"])

    return step


def held_out_loss(
    step: Callable[[Parameters, Batch], Sums], params: Parameters, batches: Iterable[Batch]
) -> tuple[float, float]:
    """Mean loss and accuracy over all supervised tokens of the batches."""
    loss = right = tokens = 0.0
    for batch in batches:
        sums = jax.device_get(step(params, batch))
        loss, right, tokens = loss + float(sums[0]), right + float(sums[1]), tokens + float(sums[2])
    return loss / tokens, right / tokens
