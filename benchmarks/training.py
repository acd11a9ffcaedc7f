"""Make the training step that the benchmarks of training time, on random tokens."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.model.adapter import FROZEN_DTYPE, Adapter, init_adapter
from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution, Remat, compute_dtype
from commit_llm.model.parameters import Parameters, init_parameters
from commit_llm.parallel.device_memory import bytes_of_program
from commit_llm.train.loss import chunk_of
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.split_optimizer import SplitOptimizer, make_split_optimizer
from commit_llm.train.split_weights import split_in_place
from commit_llm.train.step import NOTHING_FROZEN, Optimizer, TrainState, init_state, make_train_step

KERNELS = ("query", "key", "value", "output", "gate", "up", "down")


@dataclass(frozen=True)
class Tuning:
    """Say what is trained and how, by the values of a recipe's fields.

    momentum: `momentum_dtype`.
    lora_r: None where the whole model is trained.
    """

    remat: Remat = "none"
    momentum: str = "float32"
    optimizer: str = "adamw"
    lora_r: int | None = None

    @property
    def adapter(self) -> Adapter | None:
        """Give the adapter of `--lora-r`: of all kernels, with alpha twice the rank."""
        return None if self.lora_r is None else Adapter(self.lora_r, 2.0 * self.lora_r, KERNELS)


def random_tokens(config: ModelConfig, rows: int, sequence: int) -> np.ndarray:
    """Draw tokens of shape (rows, sequence + 1), int32; the target of each token is the next one."""
    return np.random.default_rng(0).integers(0, config.vocab_size, (rows, sequence + 1)).astype(np.int32)


def execution_here(config: ModelConfig, rows: int, sequence: int, remat: Remat) -> Execution:
    """Choose how a step runs as `commit-llm train` does, for the one device of this machine."""
    device = jax.devices()[0]
    on_cpu = device.platform == "cpu"
    dtype = compute_dtype("auto", device)
    attention = choose_attention(config, device, dtype=dtype, seq_len=sequence)
    chunk = chunk_of(rows, sequence, config.vocab_size)
    plain = Execution(dtype=dtype, remat=remat, unroll=on_cpu, attention=attention.path, loss_chunk=chunk)
    return plain if on_cpu else dataclasses.replace(plain, random_bits="rbg")


@dataclass
class OurSteps:
    """Take some steps at each call, from the state of the call before, and give the last loss.

    needed: bytes of the device that the compiler says a step takes.
    """

    step: Callable[..., Any]
    state: TrainState
    batch: Any
    frozen: Parameters
    steps: int
    needed: int

    def __call__(self) -> float:
        for _ in range(self.steps):
            self.state, metrics = self.step(self.state, self.batch, self.frozen)
        return float(metrics.loss)


def our_steps(config: ModelConfig, tokens: np.ndarray, steps: int, tuning: Tuning = Tuning()) -> OurSteps:
    """Make a function that takes some steps: AdamW of a kind, clipping by global norm, no dropout."""
    rows, sequence = tokens.shape[0], tokens.shape[1] - 1
    optimizer = _optimizer(tuning)
    execution = execution_here(config, rows, sequence, tuning.remat)
    step = jax.jit(make_train_step(config, optimizer, execution=execution, adapter=tuning.adapter), donate_argnums=0)
    state, frozen = _first_state(config, optimizer, tuning.adapter)
    batch = {
        "input_tokens": tokens[:, :-1],
        "target_tokens": tokens[:, 1:],
        "loss_masks": np.ones((rows, sequence), np.float32),
        "segment_ids": np.ones((rows, sequence), np.int32),
        "positions": np.broadcast_to(np.arange(sequence, dtype=np.int32), (rows, sequence)),
    }
    batch = jax.device_put(batch)
    compiled = step.lower(state, batch, frozen).compile()
    needed = bytes_of_program(compiled.memory_analysis(), jax.default_backend())
    return OurSteps(compiled, state, batch, frozen, steps, needed)


def _optimizer(tuning: Tuning) -> Optimizer:
    options: dict[str, Any] = {
        "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0, "clip_norm": 1.0,
        "momentum_dtype": jnp.dtype(tuning.momentum), "round_beta1": False,
    }  # fmt: skip
    if tuning.optimizer == "adamw":
        return make_optimizer(lambda step: 1e-4, **options)
    return make_split_optimizer(lambda step: 1e-4, **options, factored=tuning.optimizer == "adamw-lean")


def _first_state(config: ModelConfig, optimizer: Optimizer, adapter: Adapter | None) -> tuple[TrainState, Parameters]:
    """Make the state before the first step from random weights, and the parameters that stay frozen."""
    key = jax.random.key(0)
    if adapter is not None:
        draw = jax.jit(lambda key: jax.tree.map(lambda x: x.astype(FROZEN_DTYPE), init_parameters(config, key)))
        frozen = draw(key)
        trained = jax.jit(lambda key: init_adapter(config, adapter, {}, key))(key)
        return jax.jit(lambda p: init_state(p, optimizer), donate_argnums=0)(trained), frozen
    params = jax.jit(lambda key: init_parameters(config, key))(key)
    if isinstance(optimizer, SplitOptimizer):  # one array after another, as training does
        weights = split_in_place(params)
        return TrainState(jnp.zeros([], jnp.int32), weights, jax.jit(optimizer.init)(weights.high)), NOTHING_FROZEN
    return jax.jit(lambda p: init_state(p, optimizer), donate_argnums=0)(params), NOTHING_FROZEN
