"""Compare cuDNN's attention with the reference path, forward and backward; exit with status 1 where they differ.

    JAX_PLATFORMS=cuda python benchmarks/parity.py

The standard is the reference path in fp32. The path that training takes on a GPU (bf16) is compared with it, and so is
the reference path in bf16. The figure is the largest difference, as a share of the largest value. Rows are packed and
padded; cases have forgetful masking or none, as many key-value heads as query heads or fewer, a window or none, and
the large heads of Gemma where the GPU takes them. A whole training step is compared too: its loss, and the gradients of
all parameters by their norm. A figure of cuDNN fails where it is above the tolerance and above 1.5 times that of the
reference path in bf16. The table also says whether several runs of one program give the same bits; that cannot fail.

A CPU has no cuDNN: there small cases take the same mask and layout through XLA, in fp32 unless --dtype says otherwise,
which shows that this program starts.
"""

import argparse
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from clock import ON_CPU, device_name  # before jax

# isort: split
import jax
import jax.numpy as jnp
import optax

from commit_llm.model import decoder
from commit_llm.model.attention import Scoring
from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import AttentionPath, Execution
from commit_llm.model.fast_attention import cudnn_attention
from commit_llm.model.parameters import init_parameters
from commit_llm.model.regularisation import Regularisation
from commit_llm.train.step import init_state, make_train_step

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.model.attention_cases import example, packed_batch, program, reference

# A key too many or too few changes some value by about as much as there is; bf16 rounds at 0.004.
TOLERANCE = {"bfloat16": 0.03, "float32": 5e-6}
RUNS = 5
WAY = functools.partial(cudnn_attention, implementation="xla") if ON_CPU else cudnn_attention


class Case(NamedTuple):
    """Hold the sizes of an attention.

    forgetful: half of the keys are forgotten.
    window: how many tokens a query sees; None: all before it.
    multiplier: of the scores; None: that of the head's size.
    """

    heads: int
    key_heads: int
    head_dim: int
    rows: int
    seq_len: int
    forgetful: bool
    window: int | None = None
    multiplier: float | None = None

    def __str__(self) -> str:
        return (
            f"{self.heads} heads ({self.key_heads} of keys) of {self.head_dim}, {self.rows} rows of {self.seq_len}"
            + (", forgetful" if self.forgetful else "")
            + (f", window {self.window}" if self.window else "")
        )


if ON_CPU:
    CASES = [Case(4, 4, 16, 2, 128, False), Case(4, 2, 16, 2, 128, True), Case(2, 1, 16, 2, 128, True, 40, 0.5)]
    STEP_MODEL, STEP_ROWS, STEP_TOKENS = ModelConfig(96, 64, 96, 2, 4, 2, 16), 4, 128
else:
    CASES = [
        Case(32, 32, 128, 16, 512, False), Case(32, 32, 128, 16, 512, True), Case(32, 4, 64, 16, 512, True),
        Case(8, 2, 128, 4, 2048, True), Case(8, 4, 128, 4, 2048, True, 512),
    ]  # fmt: skip
    if getattr(jax.devices()[0], "compute_capability", "") == "9.0":
        CASES.append(Case(8, 4, 256, 4, 2048, True, 512, 168**-0.5))
    STEP_MODEL, STEP_ROWS, STEP_TOKENS = ModelConfig(1024, 512, 1024, 2, 8, 2, 64), 8, 512


def attention_differences(case: Case, dtype: str) -> tuple[list[tuple[float, float]], bool]:
    """Measure the output and the three gradients, and say whether all runs gave the same bits.

    Each difference is a pair: that of cuDNN, and that of the reference path in the same dtype.
    """
    sizes = case.heads, case.key_heads, case.seq_len, case.head_dim, case.rows
    arrays, segments, keep = example(*sizes, dtype, window=case.window)
    keep = keep if case.forgetful else None
    options = {"window": case.window, "scoring": Scoring(case.multiplier)}
    run, plainly = program(WAY, segments, keep, **options), program(reference, segments, keep, **options)
    fast, again = run(*arrays), [run(*arrays) for _ in range(RUNS - 1)]
    plain = plainly(*arrays)
    with jax.default_matmul_precision("highest"):  # a GPU's fp32 products are of fewer bits, unless told
        expected = plainly(*(x.astype(jnp.float32) for x in arrays))
    fast, plain, expected, *again = (jax.tree.leaves(result) for result in (fast, plain, expected, *again))
    same = all(bool((a == b).all()) for other in again for a, b in zip(fast, other, strict=True))
    return [
        (largest_difference(a, c), largest_difference(b, c)) for a, b, c in zip(fast, plain, expected, strict=True)
    ], same


def largest_difference(x: jax.Array, expected: jax.Array) -> float:
    """Give the largest difference, as a share of the largest expected value."""
    return float(jnp.abs(x.astype(jnp.float32) - expected).max() / jnp.abs(expected).max())


def step_differences(dtype: str) -> list[tuple[float, float]]:
    """Measure the loss and the gradients of a whole step, as pairs like those of `attention_differences`."""
    # Larger than fresh weights are, so that it matters what is attended to.
    params = jax.tree.map(lambda x: 4 * x, init_parameters(STEP_MODEL, jax.random.key(0)))
    batch = packed_batch(STEP_ROWS, STEP_TOKENS, STEP_MODEL.vocab_size)

    def step(attention: AttentionPath, dtype: Any) -> tuple[jax.Array, Any]:
        optimizer = optax.trace(decay=0.0)  # whose state is the gradients
        execution = Execution(jnp.dtype(dtype), "nothing", attention=attention)
        forgetful = Regularisation(fcm_max_ratio=0.5)
        train_step = make_train_step(STEP_MODEL, optimizer, regularisation=forgetful, execution=execution)
        state, metrics = jax.jit(train_step)(init_state(params, optimizer), batch)
        return metrics.loss, state.opt_state.trace

    results = [step("cudnn", dtype), step("reference", dtype)]
    with jax.default_matmul_precision("highest"):
        loss, gradients = step("reference", "float32")
    losses = [float(abs(one - loss) / loss) for one, _ in results]
    norm = optax.tree.norm(gradients)
    norms = [float(optax.tree.norm(jax.tree.map(jnp.subtract, of, gradients)) / norm) for _, of in results]
    return [(losses[0], losses[1]), (norms[0], norms[1])]


def rows(dtype: str) -> Iterator[tuple[str, list[tuple[float, float]], str]]:
    """Compare everything; give its name, its differences, and whether the bits are the same each time."""
    for case in CASES:
        differences, same = attention_differences(case, dtype)
        yield str(case), differences, "yes" if same else "no"
    sizes = f"a step of {STEP_MODEL.num_hidden_layers} layers, {STEP_ROWS} rows of {STEP_TOKENS}, forgetful"
    loss, gradients = step_differences(dtype)
    yield f"{sizes}: loss", [loss], ""
    yield f"{sizes}: all gradients", [gradients], ""


def chosen(dtype: str) -> str:
    """Say which attention training takes here, and why."""
    choose: Callable[..., Any] = functools.partial(choose_attention, STEP_MODEL, jax.devices()[0], seq_len=STEP_TOKENS)
    return str(choose(dtype=jnp.dtype(dtype)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=TOLERANCE, default="float32" if ON_CPU else "bfloat16")
    dtype = parser.parse_args().dtype
    if ON_CPU:
        decoder.FAST_ATTENTION["cudnn"] = WAY
    elif not chosen(dtype).startswith("attention: cudnn"):
        print(f"training does not take cuDNN here: {chosen(dtype)}", file=sys.stderr)
        return 1
    way = "cuDNN's mask and layout through XLA" if ON_CPU else "cuDNN's attention"
    print(f"Differences of {way} in {dtype} from the reference path in float32, as a share of the largest; in")
    print(f"brackets those of the reference path in {dtype}. Tolerance {TOLERANCE[dtype]:g}. {device_name('jax')}.\n")
    print(f"| case | output | of queries | of keys | of values | {RUNS} runs the same bits |")
    print("| --- | --- | --- | --- | --- | --- |")
    wrong = []
    for name, differences, same in rows(dtype):
        cells = [f"{fast:.1e} ({plain:.1e})" for fast, plain in differences]
        print("| " + " | ".join([name, *cells, *[""] * (4 - len(cells)), same]) + " |", flush=True)
        # A NaN is no less. A whole step in bf16 is farther off than the tolerance, whatever its attention.
        if not all(fast <= max(TOLERANCE[dtype], 1.5 * plain) for fast, plain in differences):
            wrong.append(name)
    if wrong:
        print(f"out of tolerance ({TOLERANCE[dtype]:g}): {'; '.join(wrong)}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
