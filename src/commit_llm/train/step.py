"""One training step, the same for every recipe: loss, gradients, update."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax

from commit_llm.model.adapter import Adapter, joined
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import NO_REGULARISATION, hidden_states
from commit_llm.model.execution import PLAIN, Execution
from commit_llm.model.head import final_norm, head_name, head_parameter, logit_rule
from commit_llm.model.parameters import Parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train.loss import LossAndAccuracy, Reduction, head_loss, token_weights
from commit_llm.train.split_optimizer import SplitOptimizer
from commit_llm.train.split_weights import forward_weights, split_tree

NOTHING_FROZEN: Parameters = {}
# input_tokens, target_tokens, segment_ids, positions (int32) and loss_masks (fp32), each (rows, sequence).
StepArrays = dict[str, Any]
Optimizer: TypeAlias = optax.GradientTransformation | SplitOptimizer


class TrainState(NamedTuple):
    """Hold what a step changes.

    step: updates so far, int32.
    params: those that are trained; fp32, or `SplitWeights`.
    opt_state: the optimizer's.
    """

    step: Any
    params: Any
    opt_state: Any


class Metrics(NamedTuple):
    """Hold the figures of one step: loss and accuracy over supervised tokens, the gradient norm before clipping."""

    loss: jax.Array
    accuracy: jax.Array
    grad_norm: jax.Array


# (state, batch, frozen parameters) -> (state, metrics)
TrainStep = Callable[..., tuple[TrainState, Metrics]]


def init_state(params: Parameters, optimizer: Optimizer) -> TrainState:
    """Make the state before the first step. params: fp32."""
    kept = split_tree(params) if isinstance(optimizer, SplitOptimizer) else params
    return TrainState(jnp.zeros([], jnp.int32), kept, optimizer.init(params))


def make_train_step(
    config: ModelConfig,
    optimizer: Optimizer,
    *,
    seed: int = 0,
    regularisation: Regularisation = NO_REGULARISATION,
    reduction: Reduction = "token",
    gradient_accumulation: int = 1,
    execution: Execution = PLAIN,
    adapter: Adapter | None = None,
) -> TrainStep:
    """Make a pure function (state, batch, frozen parameters) -> (state, metrics), to be jitted.

    adapter: what the state trains beside frozen parameters; None: it trains the whole model, and nothing is frozen.

    The gradients have the dtype of the weights that they are taken of, and fp32 where they are summed over parts.

    Randomness is a function of (seed, step, part of the batch), so that nothing random needs saving.
    """
    is_head_frozen = adapter is not None and head_name(config) not in adapter.saved

    def loss_of(
        trained: Parameters, part: StepArrays, key: jax.Array, frozen: Parameters
    ) -> tuple[jax.Array, LossAndAccuracy]:
        params = trained if adapter is None else joined(frozen, trained, adapter)
        hidden = hidden_states(
            config, params, part["input_tokens"], part["segment_ids"], part["positions"],
            execution=execution, regularisation=regularisation,
            dropout_key=None if regularisation == NO_REGULARISATION else key,
        )  # fmt: skip
        sums = head_loss(
            final_norm(config, params, hidden), head_parameter(config, params), part["target_tokens"], part["weights"],
            execution.loss_chunk, execution.layout, config.tie_word_embeddings, logit_rule(config), is_head_frozen,
        )  # fmt: skip
        return sums.loss, sums

    def gradients_of(
        params: Parameters, batch: StepArrays, key: jax.Array, frozen: Parameters
    ) -> tuple[LossAndAccuracy, Parameters]:
        batch = batch | {"weights": token_weights(batch["loss_masks"], reduction)}
        gradient = jax.grad(loss_of, has_aux=True)
        if gradient_accumulation == 1:
            gradients, sums = gradient(params, batch, key, frozen)
            return sums, gradients

        def add_part(total: Any, part_and_index: tuple[StepArrays, jax.Array]) -> tuple[Any, None]:
            part, index = part_and_index
            gradients, sums = gradient(params, part, jax.random.fold_in(key, index), frozen)
            return jax.tree.map(lambda whole, one: whole + one.astype(jnp.float32), total, (sums, gradients)), None

        parts = jax.tree.map(lambda x: x.reshape(gradient_accumulation, -1, *x.shape[1:]), batch)
        zeros = (LossAndAccuracy(jnp.zeros([]), jnp.zeros([])), jax.tree.map(_fp32_zeros, params))
        (sums, gradients), _ = jax.lax.scan(add_part, zeros, (parts, jnp.arange(gradient_accumulation)))
        return sums, gradients

    def step(state: TrainState, batch: StepArrays, frozen: Parameters = NOTHING_FROZEN) -> tuple[TrainState, Metrics]:
        base_key = jax.random.key(seed, impl=execution.random_bits)
        key = jax.random.fold_in(base_key, state.step)
        sums, gradients = gradients_of(forward_weights(state.params), batch, key, frozen)
        norm = optax.tree.norm(jax.tree.map(lambda gradient: gradient.astype(jnp.float32), gradients))
        if isinstance(optimizer, SplitOptimizer):
            params, opt_state = optimizer.update(gradients, state.opt_state, state.params, norm)
        else:
            updates, opt_state = optimizer.update(gradients, state.opt_state, state.params)
            params = optax.apply_updates(state.params, updates)
        return TrainState(state.step + 1, params, opt_state), Metrics(sums.loss, sums.accuracy, norm)

    return step


def _fp32_zeros(array: jax.Array) -> jax.Array:
    return jnp.zeros_like(array, jnp.float32)
