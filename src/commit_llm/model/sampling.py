"""Choose the next token of each row: the likeliest one, or one that is drawn by the row's own key.

Shapes: B rows, V vocabulary.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt32


class Sampling(NamedTuple):
    """Say how tokens are drawn.

    keys: of each row. A token depends on its row's key and logits and on its place in the answer, never on other rows.
    temperature: divides the logits; above 0.
    top_p: the likeliest tokens that together have this probability may be drawn. None: all of them.
    """

    keys: UInt32[Array | np.ndarray, "B 2"]
    temperature: Float[Array | np.ndarray, ""]
    top_p: Float[Array | np.ndarray, ""] | None = None


def choose(logits: Float[Array, "B V"], place: Int[Array, ""], sampling: Sampling | None = None) -> Int[Array, "B"]:
    """Choose a token for each row.

    place: in the answer, from 0.
    sampling: None for the likeliest token.
    """
    if sampling is None:
        return jnp.argmax(logits, axis=-1).astype(jnp.int32)
    scaled = logits / sampling.temperature
    if sampling.top_p is not None:
        scaled = within_top_p(scaled, jnp.asarray(sampling.top_p))

    def draw(key: Array, row: Array) -> Array:
        return jax.random.categorical(
            jax.random.fold_in(jax.random.wrap_key_data(key, impl="threefry2x32"), place), row
        )

    return jax.vmap(draw)(jnp.asarray(sampling.keys), scaled).astype(jnp.int32)


def within_top_p(logits: Float[Array, "B V"], top_p: Float[Array, ""]) -> Float[Array, "B V"]:
    """Leave the least number of the likeliest tokens whose probabilities add up to top_p; the others get -inf.

    At least one is left, and of tokens as likely as the last one all are, so that their order does not matter.

    >>> within_top_p(jnp.log(jnp.array([[0.2, 0.5, 0.3]])), jnp.float32(0.6)) > -jnp.inf
    Array([[False,  True,  True]], dtype=bool)
    """
    probabilities = jax.nn.softmax(logits, axis=-1)
    descending = -jnp.sort(-probabilities, axis=-1)
    before = jnp.cumsum(descending, axis=-1) - descending
    is_left = (before < top_p).at[:, 0].set(True)
    least = jnp.min(jnp.where(is_left, descending, jnp.inf), axis=-1, keepdims=True)
    return jnp.where(probabilities >= least, logits, -jnp.inf)
