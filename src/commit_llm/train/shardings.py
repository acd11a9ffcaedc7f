"""Where the state of training lives on a mesh, and the step compiled for it."""

from typing import Any

import jax
import optax
from jax.sharding import Mesh

from commit_llm.model.adapter import Adapter, declare_adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import abstract, declare
from commit_llm.parallel.mesh import batch_sharding, parameter_shardings, replicated
from commit_llm.train.optimizer import AdamState
from commit_llm.train.step import NOTHING_FROZEN, TrainState, TrainStep, init_state


def state_shapes(
    config: ModelConfig, optimizer: optax.GradientTransformation, adapter: Adapter | None = None
) -> TrainState:
    """Give shapes and dtypes of the state. adapter: what is trained of the model; None is all of it."""
    return jax.eval_shape(lambda params: init_state(params, optimizer), abstract(_trained(config, adapter)))


def _trained(config: ModelConfig, adapter: Adapter | None) -> dict[str, Any]:
    return declare(config) if adapter is None else declare_adapter(config, adapter)


def state_shardings(
    config: ModelConfig, optimizer: optax.GradientTransformation, mesh: Mesh, adapter: Adapter | None = None
) -> TrainState:
    """Give a sharding for each array of the state: both moments live where their parameter does.

    Raises UserError where the mesh does not divide the model, or the adapter does not fit it.
    """
    everywhere, of_params = replicated(mesh), parameter_shardings(config, mesh, _trained(config, adapter))
    of_optimizer = jax.tree.map(
        lambda node: AdamState(everywhere, of_params, of_params) if isinstance(node, AdamState) else everywhere,
        state_shapes(config, optimizer, adapter).opt_state,
        is_leaf=lambda node: isinstance(node, AdamState),
    )
    return TrainState(everywhere, of_params, of_optimizer)


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


def place_state(params: Any, optimizer: optax.GradientTransformation, of_state: TrainState) -> TrainState:
    """Make the state before the first step. params are on the mesh, and are given up to it."""
    return jax.jit(lambda p: init_state(p, optimizer), out_shardings=of_state, donate_argnums=0)(params)
