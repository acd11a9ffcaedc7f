"""Measure whether the time of a step is linear in the number of layers, and in the number of rows.

    python benchmarks/depth.py [--rounds 5]

At one width, steps of 4, 8, 12 and 24 layers, and steps of 4, 8, 12 and 24 rows of 256 tokens, are timed in
interleaved rounds. A layer, or a row, must cost the same from 4 to 8 as from 12 to 24. Each such cost is taken within
a round; the table shows the median over rounds. On a CPU: fp32, one core, CPU seconds. On an accelerator
(JAX_PLATFORMS=cuda or tpu): bf16 and wall seconds.
"""

import argparse
import statistics
from collections.abc import Callable

from apart import versions
from clock import device_name, seconds
from training import our_steps, random_tokens

from commit_llm.model.config import ModelConfig

SEQUENCE, ROWS, LAYERS, STEPS = 256, 8, 4, 3
AMOUNTS = (4, 8, 12, 24)


def config_of(layers: int) -> ModelConfig:
    """Give a small model with some layers."""
    return ModelConfig(4096, 128, 344, layers, 4, 4, 32, 2048)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{versions('jax')}, {device_name('jax')}; ms, and the medians of {arguments.rounds} rounds")
    print(f"{'of':<7}{'4':>8}{'8':>8}{'12':>8}{'24':>8}{'one of 4-8':>12}{'one of 12-24':>14}{'ratio':>7}")
    step_makers: dict[str, Callable[[int], Callable[[], float]]] = {
        "layers": lambda n: our_steps(config_of(n), random_tokens(config_of(n), ROWS, SEQUENCE), STEPS),
        "rows": lambda n: our_steps(config_of(LAYERS), random_tokens(config_of(LAYERS), n, SEQUENCE), STEPS),
    }
    for name, make_steps in step_makers.items():
        runs = [make_steps(amount) for amount in AMOUNTS]
        for run in runs:
            run()  # compilation and warm-up
        rounds = [[seconds(run) / STEPS for run in runs] for _ in range(arguments.rounds)]
        few = statistics.median((costs[1] - costs[0]) / 4 for costs in rounds)
        many = statistics.median((costs[3] - costs[2]) / 12 for costs in rounds)
        medians = "".join(f"{1000 * statistics.median(column):>8.0f}" for column in zip(*rounds, strict=True))
        print(f"{name:<7}{medians}{1000 * few:>12.1f}{1000 * many:>14.1f}{many / few:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
