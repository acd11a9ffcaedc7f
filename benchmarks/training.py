"""Make the training step that the benchmarks of training time, on random tokens."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution, Remat, compute_dtype
from commit_llm.model.parameters import init_parameters
from commit_llm.train.loss import chunk_of
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.step import init_state, make_train_step


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


def our_steps(
    config: ModelConfig, tokens: np.ndarray, steps: int, remat: Remat = "none", momentum: str = "float32"
) -> Callable[[], float]:
    """Make a function that takes some steps (AdamW, clipping by global norm, no dropout) and gives the last loss."""
    rows, sequence = tokens.shape[0], tokens.shape[1] - 1
    optimizer = make_optimizer(
        lambda step: 1e-4, beta1=0.9, beta2=0.999, weight_decay=0.0, clip_norm=1.0,
        momentum_dtype=jnp.dtype(momentum), round_beta1=False,
    )  # fmt: skip
    execution = execution_here(config, rows, sequence, remat)
    step = jax.jit(make_train_step(config, optimizer, execution=execution), donate_argnums=0)
    params = jax.jit(lambda key: init_parameters(config, key))(jax.random.key(0))
    state = jax.jit(lambda p: init_state(p, optimizer), donate_argnums=0)(params)
    batch = {
        "input_tokens": tokens[:, :-1],
        "target_tokens": tokens[:, 1:],
        "loss_masks": np.ones((rows, sequence), np.float32),
        "segment_ids": np.ones((rows, sequence), np.int32),
        "positions": np.broadcast_to(np.arange(sequence, dtype=np.int32), (rows, sequence)),
    }
    batch = jax.device_put(batch)

    def run() -> float:
        nonlocal state
        for _ in range(steps):
            state, metrics = step(state, batch)
        return float(metrics.loss)

    return run
