"""AdamW on split weights, layer by layer in place, with the second moment of every number or factored.

A step so needs neither an fp32 copy of the weights nor a whole tree of updates: 12 bytes a parameter with its
gradient, or 8 with a factored second moment, where AdamW on fp32 weights has 14.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from commit_llm.model.parameters import Parameters
from commit_llm.train.optimizer import AdamState, make_adam
from commit_llm.train.split_weights import SplitWeights, join, split

LEAST_SQUARE = 1e-30  # added to squared gradients, so that the mean that divides is never 0


class FactoredMoment(NamedTuple):
    """Hold the second moment of a matrix (..., I, O) by the means of its rows and of its columns.

    v[i, o] = rows[i] columns[o] / mean(rows), the matrix of rank 1 with these means (Shazeer and Stern, "Adafactor",
    2018, section 3). Beyond this the update is Adam's: beta2 is constant, moments have their bias corrected, there is a
    first moment, 1e-8 is added outside the root, and updates have no clipping nor steps relative to the weights.
    """

    rows: Float[Array, "... I"]
    columns: Float[Array, "... O"]

    def after(self, gradient: Float[Array, "I O"], beta2: float) -> "FactoredMoment":
        """Give the moment of one matrix after a gradient."""
        square = gradient**2 + LEAST_SQUARE
        rows = (1 - beta2) * square.mean(axis=1) + beta2 * self.rows
        return FactoredMoment(rows, (1 - beta2) * square.mean(axis=0) + beta2 * self.columns)

    def whole(self) -> Float[Array, "I O"]:
        """Give the moment of every number of one matrix."""
        return (self.rows / self.rows.mean())[:, None] * self.columns[None, :]


class SplitOptimizer(NamedTuple):
    """Hold two functions, like those of optax, but that the second gives weights and not updates.

    init: from weights of any dtype to the state.
    update: from gradients, state, split weights and the gradients' norm to new weights and state.
    """

    init: Callable[[Parameters], AdamState]
    update: Callable[[Parameters, AdamState, SplitWeights, Any], tuple[SplitWeights, AdamState]]


class _Kept(NamedTuple):
    """Hold all that is kept for one parameter: both halves, and both moments."""

    high: Array
    low: Array
    first: Array
    second: Any


def make_split_optimizer(
    schedule: optax.Schedule,
    *,
    beta1: float,
    beta2: float,
    weight_decay: float,
    clip_norm: float,
    momentum_dtype: Any,
    round_beta1: bool,
    factored: bool,
) -> SplitOptimizer:
    """Make what `make_optimizer` makes, for split weights: with the same gradients the same fp32 bits.

    factored: keep the second moment of matrices as `FactoredMoment`, which is another optimizer.
    """
    adam = make_adam(beta1, beta2, momentum_dtype, round_beta1=round_beta1)

    def second_moment(weights: Array, dimensions: int) -> Any:
        """Make one that is 0. dimensions: of the parameter in one layer; 2 are a matrix."""
        if factored and dimensions == 2:
            *stack, rows, columns = weights.shape
            return FactoredMoment(jnp.zeros((*stack, rows)), jnp.zeros((*stack, columns)))
        return jnp.zeros_like(weights, jnp.float32)

    def init(params: Parameters) -> AdamState:
        layers = params["layers"]
        second = {name: second_moment(array, array.ndim) for name, array in params.items() if name != "layers"}
        second["layers"] = {name: second_moment(array, array.ndim - 1) for name, array in layers.items()}
        first = jax.tree.map(lambda array: jnp.zeros_like(array, momentum_dtype), params)
        return AdamState(jnp.zeros([], jnp.int32), first, second)

    def update(
        gradients: Parameters, state: AdamState, weights: SplitWeights, norm: Array
    ) -> tuple[SplitWeights, AdamState]:
        updates, rate = state.updates + 1, jnp.asarray(-schedule(state.updates), jnp.float32)
        corrections = adam.corrections(updates)

        def after(kept: _Kept, gradient: Array) -> _Kept:
            """Update one parameter of one layer."""
            gradient = gradient.astype(jnp.float32)
            gradient = jax.lax.select(norm < clip_norm, gradient, (gradient / norm) * clip_norm)
            first = adam.first_moment(gradient, kept.first)
            if isinstance(kept.second, FactoredMoment):
                second: Any = kept.second.after(gradient, beta2)
                of_numbers = second.whole()
            else:
                second = of_numbers = adam.second_moment(gradient, kept.second)
            joined = join(kept.high, kept.low)
            direction = adam.direction(first, of_numbers, corrections) + weight_decay * joined
            return _Kept(*split(joined + rate * direction), first.astype(momentum_dtype), second)

        def in_layer(index: Array, layers: dict[str, _Kept]) -> dict[str, _Kept]:
            def one(stack: Array) -> Array:
                return jax.lax.dynamic_index_in_dim(stack, index, keepdims=False)

            def put(stack: Array, part: Array) -> Array:
                return jax.lax.dynamic_update_index_in_dim(stack, part, index, 0)

            new = {
                name: after(jax.tree.map(one, kept), one(gradients["layers"][name])) for name, kept in layers.items()
            }
            return jax.tree.map(put, layers, new)

        parts = (weights.high, weights.low, state.mu, state.nu)
        # In place: a scan from the old state to the new one would hold both.
        stacks = {name: _Kept(*(part["layers"][name] for part in parts)) for name in gradients["layers"]}
        count = len(next(iter(stacks.values())).high)
        new: dict[str, Any] = {
            name: after(_Kept(*(part[name] for part in parts)), gradient)
            for name, gradient in gradients.items()
            if name != "layers"
        }
        new["layers"] = jax.lax.fori_loop(0, count, in_layer, stacks)
        high, low, first, second = (_part(new, number) for number in range(4))
        return SplitWeights(high, low), AdamState(updates, first, second)

    return SplitOptimizer(init, update)


def _part(kept: dict[str, Any], number: int) -> Parameters:
    """Take the same part out of all that is kept, as a tree of the parameters."""
    return jax.tree.map(lambda one: one[number], kept, is_leaf=lambda node: isinstance(node, _Kept))
