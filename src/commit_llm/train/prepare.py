"""From a recipe and a model's configuration to everything that a step needs, laid out on devices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.sharding import Mesh

from commit_llm.model.adapter import FROZEN_DTYPE, Adapter, frozen_part, init_adapter
from commit_llm.model.attention_choice import AttentionChoice, choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import ONE_DEVICE, AttentionPath, Execution, Remat, compute_dtype, dtype_reason
from commit_llm.model.parameters import Parameters, abstract_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.parallel.device_memory import bytes_for_program
from commit_llm.parallel.mesh import MeshLayout, batch_sharding, parameter_shardings, replicated
from commit_llm.parallel.mesh_choice import MeshChoice, lay_out
from commit_llm.recipes import Recipe
from commit_llm.train.adapted import adapter_of
from commit_llm.train.held_out import Sums, make_held_out_step
from commit_llm.train.loss import chunk_of
from commit_llm.train.optimizer import learning_rate_schedule, make_optimizer
from commit_llm.train.plan.remat import RematChoice, choose_remat
from commit_llm.train.shardings import jit_step, place_state, state_shapes, state_shardings
from commit_llm.train.split_optimizer import make_split_optimizer
from commit_llm.train.split_weights import forward_weights
from commit_llm.train.step import NOTHING_FROZEN, Optimizer, TrainState, TrainStep, make_train_step

# On a CPU the layers of a deeper model are compiled as one, in a loop, unless the recipe asks for the fastest step
# (`--remat none`). The start takes half the time or less, and only in a loop does computing again save memory
# (docs/performance.md).
MOST_UNROLLED = 8


@dataclass(frozen=True)
class Training:
    """Hold what a recipe comes to on its devices.

    recipe: with what `--remat auto` comes to.
    learning_rate: a function of the step, from 0.
    step: jitted, of state, batch and frozen parameters; it gives up its state to the new one.
    held_out_step: jitted; from trained parameters, a batch and frozen ones to the sums of train/held_out.py.
    attention: which one is used, and why.
    remat: what a layer keeps for the backward pass, and why.
    adapter: what is trained of the model; None is all of it.
    param_shardings: of all parameters of the model, as they are read before the first step.
    mesh: that of the devices, and why.
    """

    recipe: Recipe
    config: ModelConfig
    optimizer: Optimizer
    learning_rate: Callable[[int], Any]
    state_shardings: TrainState
    batch_sharding: Any
    step: TrainStep
    held_out_step: Callable[..., Sums]
    attention: AttentionChoice
    remat: RematChoice
    adapter: Adapter | None
    param_shardings: dict[str, Any]
    mesh: MeshChoice

    @property
    def summary(self) -> str:
        """Say in a line for the user what it runs on and how."""
        mesh = self.mesh.mesh
        device = mesh.devices.flat[0]
        reason = dtype_reason(self.recipe.dtype, device)
        products = f"{compute_dtype(self.recipe.dtype, device).name} products{f' ({reason})' if reason else ''}"
        remat = f"; {self.remat}" if self.remat.reason else ""
        return f"{mesh.size} x {device.device_kind}, {self.mesh}; {products}; {self.attention}{remat}"

    @property
    def param_dtype(self) -> Any:
        """Give the dtype in which the parameters of the model are read."""
        return jnp.float32 if self.adapter is None else FROZEN_DTYPE

    def place(self, params: Parameters) -> tuple[TrainState, Parameters]:
        """Make the state before the first step, and give the parameters that stay frozen.

        params are those of the model, on the mesh and in `param_dtype`; they are given up to both.
        """
        if self.adapter is None:
            return place_state(params, self.optimizer, self.state_shardings), NOTHING_FROZEN
        draw = jax.jit(partial(init_adapter, self.config, self.adapter), out_shardings=self.state_shardings.params)
        trained, frozen = draw(params, jax.random.key(self.recipe.seed)), self.frozen(params)
        for name in self.adapter.saved:  # its fp32 copy is in the state
            params[name].delete()
        return place_state(trained, self.optimizer, self.state_shardings), frozen

    def frozen(self, params: Parameters) -> Parameters:
        """Give those parameters of the model that stay as they are."""
        return NOTHING_FROZEN if self.adapter is None else frozen_part(params, self.adapter)

    def abstract_state(self) -> TrainState:
        """Give shapes, dtypes and shardings of the state, without its numbers."""
        return _placed(state_shapes(self.config, self.optimizer, self.adapter), self.state_shardings)

    def abstract_frozen(self) -> Parameters:
        """Give shapes, dtypes and shardings of the parameters that stay frozen."""
        shapes = jax.tree.map(lambda leaf: leaf.update(dtype=self.param_dtype), abstract_parameters(self.config))
        return self.frozen(_placed(shapes, self.param_shardings))


def _placed(shapes: Any, shardings: Any) -> Any:
    return jax.tree.map(lambda leaf, sharding: leaf.update(sharding=sharding), shapes, shardings)


def prepare(
    recipe: Recipe, config: ModelConfig, devices: Sequence[Any] | None = None, memory: int | None = None
) -> Training:
    """Make optimizer, shardings and the jitted step of a recipe for a model, on these devices (by default all).

    memory: bytes on each device; by default what those of this process say.

    Raises UserError where the mesh does not divide the devices, the model or the batch.
    """
    original = recipe.behaviour == "original"
    schedule = learning_rate_schedule(
        recipe.peak_learning_rate,
        recipe.end_learning_rate,
        recipe.warmup_steps,
        recipe.decay_steps or recipe.steps,
        first_step_at_zero=original,
    )
    optimizer = _optimizer(recipe, schedule)
    laid_out = lay_out(recipe.mesh, config, rows_at_a_time(recipe), devices)
    mesh = laid_out.mesh
    attention = _attention(recipe, config, mesh)
    remat = _remat(recipe, config, mesh, attention.path, memory)
    recipe = replace(recipe, remat=remat.value)
    execution = _execution(recipe, config, mesh, attention.path, remat.value)
    regularisation = Regularisation(
        recipe.embd_pdrop,
        recipe.resid_pdrop,
        recipe.attn_pdrop,
        recipe.fcm_min_ratio,
        recipe.fcm_max_ratio,
        shared_attention_mask=original,
    )
    adapter = adapter_of(recipe)
    step = make_train_step(
        config,
        optimizer,
        seed=recipe.seed,
        regularisation=regularisation,
        reduction=recipe.loss_reduction,
        gradient_accumulation=recipe.gradient_accumulation,
        execution=execution,
        adapter=adapter,
    )
    of_state, of_batch = state_shardings(config, optimizer, mesh, adapter), batch_sharding(mesh)
    of_params = parameter_shardings(config, mesh)
    of_frozen = NOTHING_FROZEN if adapter is None else frozen_part(of_params, adapter)
    held_out_step = jax.jit(
        make_held_out_step(config, replace(execution, unroll=execution.unroll and not _is_deep(config)), adapter),
        in_shardings=(forward_weights(of_state.params), of_batch, of_frozen),
        out_shardings=replicated(mesh),
    )
    jitted = jit_step(step, of_state, mesh, of_frozen)
    return Training(
        recipe,
        config,
        optimizer,
        schedule,
        of_state,
        of_batch,
        jitted,
        held_out_step,
        attention,
        remat,
        adapter,
        of_params,
        laid_out,
    )


def rows_at_a_time(recipe: Recipe) -> int:
    """Count the rows of one part of a batch, over all devices."""
    return recipe.batch_size // recipe.gradient_accumulation


def _optimizer(recipe: Recipe, schedule: optax.Schedule) -> Optimizer:
    options: dict[str, Any] = {
        "beta1": recipe.beta1,
        "beta2": recipe.beta2,
        "weight_decay": recipe.weight_decay,
        "clip_norm": recipe.clip_norm,
        "momentum_dtype": jnp.dtype(recipe.momentum_dtype),
        "round_beta1": recipe.behaviour == "original",
    }
    if recipe.optimizer == "adamw":
        return make_optimizer(schedule, **options)
    return make_split_optimizer(schedule, **options, factored=recipe.optimizer == "adamw-lean")


def _attention(recipe: Recipe, config: ModelConfig, mesh: Mesh) -> AttentionChoice:
    """Choose the attention for a recipe on the kind of device that a mesh is made of."""
    device = mesh.devices.flat[0]
    return choose_attention(
        config,
        device,
        request=recipe.attention,
        dtype=compute_dtype(recipe.dtype, device),
        seq_len=recipe.seq_len,
        attn_pdrop=recipe.attn_pdrop,
        row_shards=mesh.shape["data"] * mesh.shape["fsdp"],
    )


def _remat(
    recipe: Recipe, config: ModelConfig, mesh: Mesh, attention: AttentionPath, memory: int | None
) -> RematChoice:
    """Choose what a layer keeps for the backward pass; the memory of devices is looked at only for `auto`."""
    device = mesh.devices.flat[0]
    if recipe.remat == "auto" and memory is None:
        memory = bytes_for_program(mesh.local_devices)
    return choose_remat(
        recipe,
        config,
        mesh.shape,
        compute_dtype(recipe.dtype, device).itemsize,
        scores=attention == "reference",
        platform=device.platform,
        available=memory,
    )


def _execution(recipe: Recipe, config: ModelConfig, mesh: Mesh, attention: AttentionPath, remat: Remat) -> Execution:
    """Say how the decoder is best run on a mesh."""
    rows, split = rows_at_a_time(recipe), mesh.shape["data"] * mesh.shape["fsdp"]
    device = mesh.devices.flat[0]
    on_cpu = device.platform == "cpu"
    return Execution(
        dtype=compute_dtype(recipe.dtype, device),
        remat=remat,
        unroll=on_cpu and not (_is_deep(config) and remat != "none"),
        attention=attention,
        random_bits="threefry2x32" if on_cpu else "rbg",
        loss_chunk=chunk_of(rows // split, recipe.seq_len, config.vocab_size // mesh.shape["tensor"]),
        layout=ONE_DEVICE if mesh.size == 1 else MeshLayout(mesh),
    )


def _is_deep(config: ModelConfig) -> bool:
    return config.num_hidden_layers > MOST_UNROLLED
