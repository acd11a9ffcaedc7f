"""Compute the log-probability of each target token.

Shapes: B rows, T tokens, S rows at a time, E hidden size.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import hidden_states
from commit_llm.model.execution import Execution
from commit_llm.model.head import unembed
from commit_llm.model.parameters import Parameters


@partial(jax.jit, static_argnames=("config", "dtype", "split"))
def token_log_probabilities(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    targets: Int[Array, "B T"],
    dtype: Any = jnp.float32,
    split: int = 1,
) -> tuple[Float[Array, "B T"], Bool[Array, "B T"]]:
    """Give the natural log of the probability of each target, and whether it is the most likely token.

    A target follows the tokens up to its own place. Rows begin at position 0. Later tokens have no influence, so any
    padding on the right will do.

    split: the logits of how many rows are in memory at a time; where rows are split over devices, as many as devices.
    """
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1]), tokens.shape)
    hidden = hidden_states(config, params, tokens, jnp.ones_like(tokens), positions, execution=Execution(dtype))

    def of_rows(rows: tuple[Array, Array]) -> tuple[Array, Array]:
        hidden_STE, targets_ST = rows
        logits = unembed(config, params, hidden_STE)
        chosen = jnp.take_along_axis(logits, targets_ST[..., None], axis=-1)[..., 0]
        return chosen - jax.nn.logsumexp(logits, axis=-1), jnp.argmax(logits, axis=-1) == targets_ST

    split_rows = jax.tree.map(lambda x: x.reshape(split, -1, *x.shape[1:]).swapaxes(0, 1), (hidden, targets))
    return jax.tree.map(lambda x: x.swapaxes(0, 1).reshape(tokens.shape), jax.lax.map(of_rows, split_rows))
