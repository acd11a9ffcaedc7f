"""Log-probabilities of given tokens."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import hidden_states, unembed
from commit_llm.model.execution import Execution
from commit_llm.model.parameters import Parameters


@partial(jax.jit, static_argnames=("config", "dtype"))
def token_log_probabilities(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    targets: Int[Array, "B T"],
    dtype: Any = jnp.float32,
) -> tuple[Float[Array, "B T"], Bool[Array, "B T"]]:
    """The natural log of each target's probability after the tokens up to its place; whether it is the likeliest.

    Rows begin at position 0; what stands behind a place has no influence on it, so rows may be padded on the
    right with anything. The logits of one row at a time are held.
    """
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1]), tokens.shape)
    hidden = hidden_states(config, params, tokens, jnp.ones_like(tokens), positions, execution=Execution(dtype))

    def one(row: tuple[Array, Array]) -> tuple[Array, Array]:
        hidden_TE, targets_T = row
        logits = unembed(config, params, hidden_TE[None])[0]
        chosen = jnp.take_along_axis(logits, targets_T[:, None], axis=-1)[:, 0]
        return chosen - jax.nn.logsumexp(logits, axis=-1), jnp.argmax(logits, axis=-1) == targets_T

    return jax.lax.map(one, (hidden, targets))
