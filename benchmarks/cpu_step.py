"""Say where the time of a training step on a CPU goes: a profile of the step, by the source of its operations.

    python benchmarks/cpu_step.py [--rows 1] [--layers 30] [--example 237]

SmolLM2-135M with random weights, a row of 1,024 tokens of examples of 237, 2.5 % of them trained, fp32, on one core,
without recomputation. The GFLOP/s are those of the layers' products. Seconds are of the profile, so leave the core to
it.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np
from apart import versions
from clock import device_name, seconds
from profile_parts import PRODUCTS, parts_of
from step_profile import operations, record
from training import our_steps, random_tokens

from commit_llm.model.config import ModelConfig

SEQUENCE, TRAINED = 1024, 1 / 40


def batch_of(batch: dict[str, Any], example: int) -> dict[str, Any]:
    """Give a batch whose rows hold examples of some tokens, and train few of them."""
    rows, sequence = batch["segment_ids"].shape
    places = np.arange(sequence, dtype=np.int32)
    masks = np.zeros((rows, sequence), np.float32)
    masks[:, :: int(1 / TRAINED)] = 1
    return jax.device_put(
        batch
        | {
            "segment_ids": np.broadcast_to(places // example + 1, (rows, sequence)),
            "positions": np.broadcast_to(places % example, (rows, sequence)),
            "loss_masks": masks,
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--example", type=int, default=237, help="tokens of an example")
    arguments = parser.parse_args()
    config = ModelConfig(49152, 576, 1536, arguments.layers, 9, 3, 64, 2048, tie_word_embeddings=True)
    run = our_steps(config, random_tokens(config, arguments.rows, SEQUENCE), 1)
    run.batch = batch_of(run.batch, arguments.example)
    run()  # warm-up
    spent = min(seconds(run) for _ in range(2))
    print(f"{versions('jax')}, {device_name('jax')}; a step takes {spent:.1f} CPU seconds")
    with tempfile.TemporaryDirectory() as folder:
        record(run, Path(folder))
        parts = parts_of(operations(Path(folder)), run.step.as_text())
    total = sum(parts.values())
    heads = config.num_attention_heads + config.num_key_value_heads
    of_layer = config.hidden_size * (2 * heads * config.head_dim + 3 * config.intermediate_size)
    flops = 6 * config.num_hidden_layers * of_layer * arguments.rows * SEQUENCE  # forward, and twice that backward
    for part, milliseconds in parts.items():
        rate = f"{flops / milliseconds / 1e6:>8.0f} GFLOP/s" if part == PRODUCTS else ""
        print(f"{part:<48}{milliseconds / 1000:>8.2f} s{milliseconds / total:>8.1%}{rate}")


if __name__ == "__main__":
    main()
