"""Print digests of what a plain LLaMA computes: forward, three steps of training with dropout, and generation.

    python -m benchmarks.bits > before; (another checkout) python -m benchmarks.bits > after; diff before after

A change that is not to change numbers gives the same lines on the same machine. Needs jax, optax, numpy, jaxtyping.
"""

import dataclasses
import hashlib
import itertools
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import forward
from commit_llm.model.execution import AttentionPath, Execution
from commit_llm.model.generation import Endings, generate
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.step import init_state, make_train_step

ROWS, LENGTH, VOCABULARY = 2, 192, 500
CONFIG = ModelConfig(VOCABULARY, 96, 224, 2, 6, 2, 16)
# Dtype of the products, attention, and whether layers are unrolled.
Way = tuple[Any, AttentionPath, bool]
SMALL_WAYS: list[Way] = list(itertools.product((jnp.float32, jnp.bfloat16), ("reference", "by_row"), (False, True)))
DEEP_WAYS: list[Way] = [(jnp.float32, "by_row", True), (jnp.bfloat16, "reference", False)]  # a minute each
MODELS = [
    (CONFIG, SMALL_WAYS),
    (dataclasses.replace(CONFIG, num_hidden_layers=8, tie_word_embeddings=True), DEEP_WAYS),
]


def main() -> None:
    """Print a line for each model and each way to compute with it."""
    draw = np.random.default_rng(0)
    tokens = jnp.asarray(draw.integers(0, VOCABULARY, (ROWS, LENGTH)), jnp.int32)
    segment_ids = jnp.asarray(np.where(np.arange(LENGTH) < 70, 1, np.where(np.arange(LENGTH) < 180, 2, 0)), jnp.int32)
    segment_ids = jnp.broadcast_to(segment_ids, tokens.shape)
    positions = jnp.where(segment_ids == 2, jnp.arange(LENGTH) - 70, jnp.arange(LENGTH))
    for config, ways in MODELS:
        params = jax.jit(partial(init_parameters, config))(jax.random.key(1))
        for dtype, attention, unroll in ways:
            way = f"{config.num_hidden_layers} layers, {jnp.dtype(dtype).name}, {attention}, unrolled: {unroll}"
            execution = Execution(dtype, unroll=unroll, attention=attention, loss_chunk=64)
            run = jax.jit(partial(forward, config, execution=execution))
            report(f"{way}: forward", run(params, tokens, segment_ids, positions))
            report(f"{way}: training", trained(config, params, execution, (tokens, segment_ids, positions)))
        for unroll in (False, True):
            nothing = np.zeros(VOCABULARY, bool)
            endings = Endings(nothing, nothing, ~nothing)
            answers = generate(config, params, tokens[:, :40], jnp.array([40, 23]), endings, 12, unroll=unroll)
            report(f"{config.num_hidden_layers} layers, unrolled: {unroll}: generation", answers)


def trained(config: ModelConfig, params: Any, execution: Execution, arrays: tuple[Any, ...]) -> Any:
    """Give the state after three steps with every kind of noise."""
    tokens, segment_ids, positions = arrays
    optimizer = make_optimizer(
        lambda step: 1e-3,
        beta1=0.9,
        beta2=0.95,
        weight_decay=0.1,
        clip_norm=1.0,
        momentum_dtype=jnp.bfloat16,
        round_beta1=False,
    )
    step = make_train_step(
        config,
        optimizer,
        seed=3,
        regularisation=Regularisation(0.1, 0.1, 0.1, 0.0, 0.15),
        reduction="token",
        gradient_accumulation=1,
        execution=execution,
    )
    batch = {
        "input_tokens": tokens,
        "target_tokens": jnp.roll(tokens, -1, axis=1),
        "loss_masks": (segment_ids == 2).astype(jnp.float32),
        "segment_ids": segment_ids,
        "positions": positions,
    }
    state, take = init_state(params, optimizer), jax.jit(step)
    for _ in range(3):
        state, _ = take(state, batch)
    return state


def report(what: str, tree: Any) -> None:
    """Print a digest of all numbers of a tree."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(tree):
        digest.update(np.ascontiguousarray(np.asarray(leaf)).tobytes())
    print(f"{digest.hexdigest()[:16]}  {what}", flush=True)


if __name__ == "__main__":
    main()
