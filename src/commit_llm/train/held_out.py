"""The loss of examples that are held out of training."""

from collections.abc import Callable, Iterable

import jax
import jax.numpy as jnp

from commit_llm.model.adapter import Adapter, joined
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import hidden_states
from commit_llm.model.execution import PLAIN, Execution
from commit_llm.model.head import final_norm, head_parameter, logit_rule
from commit_llm.model.parameters import Parameters
from commit_llm.train.loss import head_loss
from commit_llm.train.step import NOTHING_FROZEN, StepArrays

# Of one batch: sum of losses, number of right tokens, number of supervised tokens.
Sums = tuple[jax.Array, jax.Array, jax.Array]


def make_held_out_step(
    config: ModelConfig, execution: Execution = PLAIN, adapter: Adapter | None = None
) -> Callable[..., Sums]:
    """Make a pure function (trained parameters, batch, frozen ones) -> sums, to be jitted.

    There is no dropout and no forgetful masking.
    """

    def step(trained: Parameters, batch: StepArrays, frozen: Parameters = NOTHING_FROZEN) -> Sums:
        params = trained if adapter is None else joined(frozen, trained, adapter)
        hidden = hidden_states(
            config, params, batch["input_tokens"], batch["segment_ids"], batch["positions"], execution=execution
        )
        sums = head_loss(
            final_norm(config, params, hidden), head_parameter(config, params), batch["target_tokens"],
            batch["loss_masks"], execution.loss_chunk, execution.layout, config.tie_word_embeddings, logit_rule(config),
        )  # fmt: skip
        return sums.loss, sums.accuracy, jnp.sum(batch["loss_masks"])

    return step


def held_out_loss(
    step: Callable[..., Sums],
    params: Parameters,
    batches: Iterable[StepArrays],
    frozen: Parameters = NOTHING_FROZEN,
) -> tuple[float, float]:
    """Give mean loss and accuracy over all supervised tokens of the batches.

    step: of `make_held_out_step`; params, frozen: those that are trained, and the others.
    """
    loss = right = tokens = 0.0
    for batch in batches:
        sums = jax.device_get(step(params, batch, frozen))
        loss, right, tokens = loss + float(sums[0]), right + float(sums[1]), tokens + float(sums[2])
    return loss / tokens, right / tokens
