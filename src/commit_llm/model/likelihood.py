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


@partial(jax.jit, static_argnames=("config", "dtype", "split"))
def token_log_probabilities(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    targets: Int[Array, "B T"],
    dtype: Any = jnp.float32,
    split: int = 1,
) -> tuple[Float[Array, "B T"], Bool[Array, "B T"]]:
    """The natural log of each target's probability after the tokens up to its place; whether it is the likeliest.

    Rows begin at position 0; what stands behind a place has no influence on it, so rows may be padded on the
    right with anything. The logits of split rows at a time are held: one a device, where rows are split over so
    many.
    """
    positions = jnp.broadcast_to(jnp.arange(tokens.shape[1]), tokens.shape)
    hidden = hidden_states(config, params, tokens, jnp.ones_like(tokens), positions, execution=Execution(dtype))

    def one(rows: tuple[Array, Array]) -> tuple[Array, Array]:
        hidden_STE, targets_ST = rows
        logits = unembed(config, params, hidden_STE)
        chosen = jnp.take_along_axis(logits, targets_ST[..., None], axis=-1)[..., 0]
        return chosen - jax.nn.logsumexp(logits, axis=-1), jnp.argmax(logits, axis=-1) == targets_ST

    apart = jax.tree.map(lambda x: x.reshape(split, -1, *x.shape[1:]).swapaxes(0, 1), (hidden, targets))
    return jax.tree.map(lambda x: x.swapaxes(0, 1).reshape(tokens.shape), jax.lax.map(one, apart))
