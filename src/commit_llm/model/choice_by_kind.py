"""Choose what belongs to a layer's kind, by a number that may be traced, so that one scan goes through all kinds."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from commit_llm.model.config import ModelConfig

# Number of a kind: an int, or a traced int32.
KindNumber = Any


def kind_numbers(config: ModelConfig) -> tuple[int, ...]:
    """Give the number of every layer's kind."""
    return config.pattern or (0,) * config.num_hidden_layers


def windows_of_kinds(config: ModelConfig, length: int) -> list[int | None]:
    """Give the window of each kind, None where it hides nothing in a row of this length."""
    windows = [kind.window for kind in config.kinds]
    return [None if window is None or window >= length else window for window in windows]


def by_kind(values: Sequence[Any]) -> Callable[[KindNumber], Any]:
    """Give a function from the number of a kind to its value: a tree of arrays, alike in all kinds.

    Where all kinds have the same value, nothing is chosen when the program runs.
    """
    first = values[0]
    if all(value is first for value in values):
        return lambda kind: first
    stacked = jax.tree.map(lambda *arrays: jnp.stack(arrays), *values)
    return lambda kind: values[kind] if isinstance(kind, int) else jax.tree.map(lambda array: array[kind], stacked)


def call_of_kind(functions: Sequence[Callable[..., Array]], kind: KindNumber, *arrays: Array) -> Array:
    """Call the function of a kind on arrays; functions that are one object are compiled once."""
    if all(function is functions[0] for function in functions):
        return functions[0](*arrays)
    return jax.lax.switch(kind, functions, *arrays)
