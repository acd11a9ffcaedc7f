"""Measure attention in training on a CPU, forward and backward: `attend_by_row` beside all scores of all rows at once.

    python benchmarks/attention.py [--rounds 6]

fp32, one core, CPU seconds; the least of interleaved rounds. A row holds one example, or several of 237 tokens, which
is the mean of reading comprehension in English.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from clock import seconds  # before jax

# isort: split
import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.model.attention import attend, attention_mask
from commit_llm.model.row_attention import attend_by_row

EXAMPLE = 237
# Rows, heads, key-value heads, tokens, head size; the last two are SmolLM2-135M and Llama 3.2 1B.
SHAPES = ((8, 5, 5, 256, 64), (4, 4, 4, 512, 32), (1, 8, 8, 2048, 64), (1, 9, 3, 1024, 64), (1, 32, 8, 1024, 64))


def gradient_of(attention: Callable[..., jax.Array]) -> Callable[..., Any]:
    """Give a function that computes attention and its gradients, and waits for them."""

    def loss(query: jax.Array, key: jax.Array, value: jax.Array, mask: jax.Array) -> jax.Array:
        return (attention(query, key, value, mask) * query).sum()

    compiled = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))
    return lambda *arrays: jax.block_until_ready(compiled(*arrays))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    arguments = parser.parse_args()
    print(f"jax {jax.__version__}; ms, the least of {arguments.rounds} rounds")
    print("| rows, heads, key-value heads, tokens, head | examples of | all at once | by row | ratio |")
    print("| --- | --- | --- | --- | --- |")
    for shape in SHAPES:
        rows, heads, key_heads, tokens, head_dim = shape
        random = np.random.default_rng(0)
        arrays = [
            jnp.asarray(random.standard_normal((rows, count, tokens, head_dim)), jnp.float32)
            for count in (heads, key_heads, key_heads)
        ]
        for length in dict.fromkeys((tokens, min(tokens, EXAMPLE))):
            segment_ids = jnp.asarray(np.broadcast_to(np.arange(tokens) // length + 1, (rows, tokens)))
            mask = attention_mask(segment_ids)
            runs = [partial(step, *arrays, mask) for step in map(gradient_of, (attend, attend_by_row))]
            for run in runs:
                run()  # compilation
            rounds = [[seconds(run) for run in runs] for _ in range(arguments.rounds)]
            times = 1000 * np.array(rounds).min(axis=0)
            print(f"| {', '.join(f'{n:,}' for n in shape)} | {length:,} tokens | {times[0]:.1f} | {times[1]:.1f} |"
                  f" {times[1] / times[0]:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
