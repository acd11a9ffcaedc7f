"""Where the state of training lives on a mesh, and the step compiled for it."""

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from commit_llm.model.adapter import Adapter, declare_adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import abstract, declare
from commit_llm.parallel.mesh import batch_sharding, parameter_shardings, place, replicated
from commit_llm.train.optimizer import AdamState
from commit_llm.train.split_optimizer import FactoredMoment, SplitOptimizer
from commit_llm.train.split_weights import SplitWeights, split_in_place
from commit_llm.train.step import NOTHING_FROZEN, Optimizer, TrainState, TrainStep, init_state


def state_shapes(config: ModelConfig, optimizer: Optimizer, adapter: Adapter | None = None) -> TrainState:
    """Give shapes and dtypes of the state. adapter: what is trained of the model; None is all of it."""
    return jax.eval_shape(lambda params: init_state(params, optimizer), abstract(_trained(config, adapter)))


def _trained(config: ModelConfig, adapter: Adapter | None) -> dict[str, Any]:
    return declare(config) if adapter is None else declare_adapter(config, adapter)


def state_shardings(
    config: ModelConfig, optimizer: Optimizer, mesh: Mesh, adapter: Adapter | None = None
) -> TrainState:
    """Give a sharding for each array of the state: what is kept for a parameter lives where the parameter does.

    Raises UserError where the mesh does not divide the model, or the adapter does not fit it.
    """
    everywhere, of_params = replicated(mesh), parameter_shardings(config, mesh, _trained(config, adapter))
    shapes = state_shapes(config, optimizer, adapter)

    def of_moments(node: Any) -> Any:
        if not isinstance(node, AdamState):
            return everywhere
        return AdamState(everywhere, of_params, jax.tree.map(_of_second_moment, of_params, node.nu))

    of_optimizer = jax.tree.map(of_moments, shapes.opt_state, is_leaf=lambda node: isinstance(node, AdamState))
    is_split = isinstance(shapes.params, SplitWeights)
    return TrainState(everywhere, SplitWeights(of_params, of_params) if is_split else of_params, of_optimizer)


def _of_second_moment(of_parameter: NamedSharding, moment: Any) -> Any:
    """Give the sharding of the second moment of a parameter; means of rows and columns each lack a dimension of it."""
    if not isinstance(moment, FactoredMoment):
        return of_parameter
    *stack, rows, columns = of_parameter.spec
    of_means: list[Any] = [NamedSharding(of_parameter.mesh, PartitionSpec(*stack, axis)) for axis in (rows, columns)]
    return FactoredMoment(*of_means)


def jit_step(step: TrainStep, of_state: TrainState, mesh: Mesh, of_frozen: Any = NOTHING_FROZEN) -> Any:
    """Jit the step, so that it gives up its state to the new one, which lives in the same places.

    If XLA chose the places of the outputs, the second step could meet the state elsewhere, and compile again.

    of_frozen: the shardings of the step's third argument, which stays as it is.
    """
    return jax.jit(
        step,
        in_shardings=(of_state, batch_sharding(mesh), of_frozen),
        out_shardings=(of_state, replicated(mesh)),
        donate_argnums=0,
    )


def place_state(params: Any, optimizer: Optimizer, of_state: TrainState) -> TrainState:
    """Make the state before the first step. params are on the mesh, and are given up to it."""
    if isinstance(optimizer, SplitOptimizer):
        weights = split_in_place(params)
        opt_state = jax.jit(optimizer.init, out_shardings=of_state.opt_state)(weights.high)
        return TrainState(place(np.int32(0), of_state.step), weights, opt_state)
    return jax.jit(lambda p: init_state(p, optimizer), out_shardings=of_state, donate_argnums=0)(params)
