"""Host arrays on a mesh whose devices may belong to several processes."""

from typing import Any

import jax
import numpy as np


def place(value: Any, shardings: Any) -> Any:
    """A tree of global jax arrays from the same whole arrays in every process; each device takes its own part."""
    return jax.tree.map(_place, value, shardings)


def place_alike(value: Any, sharding: Any) -> Any:
    """`place`, with one sharding for all arrays of the tree."""
    return jax.tree.map(lambda leaf: _place(leaf, sharding), value)


def _place(leaf: Any, sharding: Any) -> jax.Array:
    host = np.asarray(leaf)
    return jax.make_array_from_callback(host.shape, sharding, lambda part: host[part])
