# ruff: noqa: E402 (threads and memory are settled before the libraries are imported)
"""Training tokens a second, ours beside Hugging Face's LLaMA, in one run.

    python benchmarks/train.py [--sizes 2M 15M] [--rounds 5]
    JAX_PLATFORMS=cuda python benchmarks/train.py [--sizes 1B 7B] [--rows 16] [--sequence 512]

Both train the same model on the same batches: forward, backward, clip by global norm, AdamW. Ours is the step
that `commit-llm train` takes, without dropout, which theirs has not; theirs is `transformers` with SDPA attention
and torch's fused AdamW.

On a CPU: fp32, one core, nothing recomputed. Rounds are interleaved, because these machines are noisy; the figure is
the median over rounds of tokens per second of CPU time.

On a GPU: bf16 products, each contender in a process of its own (--isolated does so on a CPU too), theirs as it is
and compiled; wall time. At 1 B all keep fp32 weights and moments, theirs by autocast, and recompute nothing. At 7 B
all recompute their layers; ours keep fp32 weights and a bf16 first moment (about 97 GiB: it needs an H200), theirs is
pure bf16 with bf16 moments, which is less memory and rounds most updates away.

Needs torch and transformers (extra parity).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

ON_CPU = os.environ.setdefault("JAX_PLATFORMS", "cpu") == "cpu"
if ON_CPU:  # one thread each: CPU time is then what one core gives
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.95")

import jax
import numpy as np
import torch
import transformers
from training import our_steps, random_tokens

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_parameters, training_flops_a_token
from commit_llm.parallel.topologies import kind_of

STEPS = 5
SIZES = {
    "2M": ModelConfig(4096, 128, 344, 4, 4, 4, 32, 2048),
    "15M": ModelConfig(8192, 320, 864, 8, 5, 5, 64, 2048),
    "1B": ModelConfig(32000, 2048, 5632, 22, 32, 32, 64, 2048),
    "7B": ModelConfig(32000, 4096, 11008, 32, 32, 32, 128, 2048),
}
PURE_BF16 = "7B"  # the size whose peer has no fp32 weights
CONTENDERS = ("ours", "eager", "compiled")


def their_steps(size: str, tokens: np.ndarray, *, compiled: bool = False) -> Callable[[], float]:
    """A function that takes STEPS steps of transformers and torch, and gives the last loss."""
    device, config = "cpu" if ON_CPU else "cuda", SIZES[size]
    if ON_CPU:
        torch.set_num_threads(1)
    settings = transformers.LlamaConfig(**config.to_hf("float32"), attn_implementation="sdpa")
    torch.set_default_dtype(torch.bfloat16 if size == PURE_BF16 else torch.float32)
    with torch.device(device):
        model = transformers.LlamaForCausalLM(settings).train()
    torch.set_default_dtype(torch.float32)
    if size == PURE_BF16:
        model.gradient_checkpointing_enable()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    inputs, labels = (torch.tensor(part, device=device).long() for part in (tokens[:, :-1], tokens[:, 1:]))

    def loss_of(inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16, enabled=not ON_CPU and size != PURE_BF16):
            logits = model(inputs, use_cache=False).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())

    forward = torch.compile(loss_of) if compiled else loss_of

    def run() -> float:
        for _ in range(STEPS):
            loss = forward(inputs, labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return float(loss.detach())

    return run


def steps_of(contender: str, size: str, tokens: np.ndarray) -> Callable[[], float]:
    if contender == "ours":
        large = size == PURE_BF16
        return our_steps(
            SIZES[size], tokens, STEPS, remat="nothing" if large else "none",
            momentum="bfloat16" if large else "float32",
        )  # fmt: skip
    return their_steps(size, tokens, compiled=contender == "compiled")


def tokens_per_second(run: Callable[[], float], tokens: np.ndarray) -> float:
    """Of one round: of CPU time on a CPU, of wall time on a GPU."""
    clock = time.process_time if ON_CPU else time.perf_counter
    begun = clock()
    run()
    return tokens[:, 1:].size * STEPS / (clock() - begun)


def together(size: str, tokens: np.ndarray, rounds: int) -> None:
    """Ours and theirs in interleaved rounds."""
    runs = [steps_of(contender, size, tokens) for contender in CONTENDERS[:2]]
    for run in runs:
        run()  # compilation and warm-up
    measured = [[tokens_per_second(run, tokens) for run in runs] for _ in range(rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*measured, strict=True))
    ratio = statistics.median(a / b for a, b in measured)
    print(f"{size:<5} {count_parameters(SIZES[size]):>13,} {ours:>13,.0f} {theirs:>13,.0f} {ratio:>6.2f}", flush=True)


def alone(contender: str, size: str, tokens: np.ndarray, rounds: int) -> dict[str, Any]:
    """One contender in this process: tokens a second, and the most memory it had, in GiB (0 on a CPU)."""
    run = steps_of(contender, size, tokens)
    run()
    speed = statistics.median(tokens_per_second(run, tokens) for _ in range(rounds))
    if ON_CPU:
        peak = 0
    elif contender == "ours":
        peak = jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    else:
        peak = torch.cuda.max_memory_allocated()
    return {"tokens_per_second": speed, "peak_gib": peak / 2**30}


def apart(size: str, tokens: np.ndarray, arguments: argparse.Namespace) -> None:
    """Every contender in a process of its own, which has the device to itself."""
    kind = None if ON_CPU else kind_of(torch.cuda.get_device_name())
    flops, ours = training_flops_a_token(SIZES[size], tokens.shape[1] - 1), None
    for contender in arguments.contenders:
        command = [sys.executable, __file__, "--contender", contender, "--sizes", size]
        command += ["--rounds", arguments.rounds, "--rows", arguments.rows, "--sequence", arguments.sequence]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if "memory" in line.lower()] or done.stderr.splitlines()
            print(f"{size:<5} {contender:<9} did not run: {reason[-1][:200]}", flush=True)
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        speed = found["tokens_per_second"]
        ours = speed if contender == "ours" else ours
        mfu = f"{speed * flops / kind.peak / 1e10:.1f} %" if kind else "-"
        ratio = f"{ours / speed:.2f}" if ours and contender != "ours" else ""
        print(f"{size:<5} {contender:<9} {speed:>10,.0f} {mfu:>8} {found['peak_gib']:>9.1f} {ratio:>11}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["2M", "15M"] if ON_CPU else ["1B", "7B"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=8 if ON_CPU else 16)
    parser.add_argument("--sequence", type=int, default=256 if ON_CPU else 512)
    parser.add_argument("--isolated", action="store_true", default=not ON_CPU)
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS, help="of isolated runs")
    parser.add_argument("--contender", choices=CONTENDERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    batches = {size: random_tokens(SIZES[size], arguments.rows, arguments.sequence) for size in arguments.sizes}
    if arguments.contender:
        for size, tokens in batches.items():
            print(json.dumps(alone(arguments.contender, size, tokens, arguments.rounds)))
        return
    print(f"jax {jax.__version__}, torch {torch.__version__}, transformers {transformers.__version__};", end=" ")
    print(f"{arguments.rows} x {arguments.sequence} tokens a step, {'CPU seconds' if ON_CPU else 'wall seconds'}")
    if arguments.isolated:
        columns = ("size", "contender", "tokens/s", "MFU", "peak GiB", "ours/theirs")
        print("{:<5} {:<9} {:>10} {:>8} {:>9} {:>11}".format(*columns))
    else:
        columns = ("size", "parameters", "ours tok/s", "theirs tok/s", "ratio")
        print("{:<5} {:>13} {:>13} {:>13} {:>6}".format(*columns))
    for size, tokens in batches.items():
        if arguments.isolated:
            apart(size, tokens, arguments)
        else:
            together(size, tokens, arguments.rounds)


if __name__ == "__main__":
    main()
