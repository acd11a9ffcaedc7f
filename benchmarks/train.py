# ruff: noqa: E402 (the number of threads is set before the libraries are imported)
"""Training tokens per CPU-second, ours beside Hugging Face's LLaMA, in one run on one core.

    python benchmarks/train.py [--sizes 2M 15M] [--rounds 5]

Both train the same model on the same batches in fp32: forward, backward, clip by global norm, AdamW. Ours
is the step that `commit-llm train` takes on a CPU (unrolled layers, no rematerialisation, no dropout);
theirs is `transformers` with SDPA attention and torch's fused AdamW. Rounds are interleaved, because
these machines are noisy; the figure is the median over rounds of tokens per second of CPU time.
Needs torch and transformers (extra parity).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

# One thread each, set before either library starts: CPU time is then what one core gives.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["OMP_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np
import torch
import transformers

from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Execution
from commit_llm.model.parameters import count_parameters, init_parameters
from commit_llm.train.optimizer import make_optimizer
from commit_llm.train.step import init_state, make_train_step

ROWS, SEQUENCE, STEPS = 8, 256, 5
SIZES = {
    "2M": ModelConfig(4096, 128, 344, 4, 4, 4, 32, 2048),
    "15M": ModelConfig(8192, 320, 864, 8, 5, 5, 64, 2048),
}


def our_steps(config: ModelConfig, tokens: np.ndarray) -> Callable[[], float]:
    """A function that takes STEPS steps of ours and gives the last loss."""
    optimizer = make_optimizer(
        lambda step: 1e-4, beta1=0.9, beta2=0.999, weight_decay=0.0, clip_norm=1.0,
        momentum_dtype=jnp.float32, round_beta1=False,
    )  # fmt: skip
    step = jax.jit(
        make_train_step(config, optimizer, execution=Execution(unroll=True, attention="by_row")), donate_argnums=0
    )
    state = init_state(init_parameters(config, jax.random.key(0)), optimizer)
    batch = {
        "input_tokens": tokens[:, :-1],
        "target_tokens": tokens[:, 1:],
        "loss_masks": np.ones((ROWS, SEQUENCE), np.float32),
        "segment_ids": np.ones((ROWS, SEQUENCE), np.int32),
        "positions": np.broadcast_to(np.arange(SEQUENCE, dtype=np.int32), (ROWS, SEQUENCE)),
    }
    held = [state]

    def run() -> float:
        for _ in range(STEPS):
            held[0], metrics = step(held[0], batch)
        return float(metrics.loss)

    return run


def their_steps(config: ModelConfig, tokens: np.ndarray) -> Callable[[], float]:
    """The same of transformers and torch."""
    torch.set_num_threads(1)
    settings = transformers.LlamaConfig(**config.to_hf("float32"), attn_implementation="sdpa")
    model = transformers.LlamaForCausalLM(settings).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    inputs, labels = torch.tensor(tokens[:, :-1]), torch.tensor(tokens[:, 1:]).long()

    def run() -> float:
        for _ in range(STEPS):
            logits = model(inputs, use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return float(loss.detach())

    return run


def tokens_per_cpu_second(run: Callable[[], float]) -> float:
    """Of one round."""
    begun = time.process_time()
    run()
    return ROWS * SEQUENCE * STEPS / (time.process_time() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"jax {jax.__version__}, torch {torch.__version__}, transformers {transformers.__version__}, one core, fp32")
    print(f"{'size':<5} {'parameters':>11} {'ours tok/CPU-s':>15} {'theirs tok/CPU-s':>17} {'ratio':>6}")
    for size in arguments.sizes:
        config = SIZES[size]
        tokens = np.random.default_rng(0).integers(0, config.vocab_size, (ROWS, SEQUENCE + 1)).astype(np.int32)
        ours, theirs = our_steps(config, tokens), their_steps(config, tokens)
        ours(), theirs()  # compilation and warm-up
        rounds = [(tokens_per_cpu_second(ours), tokens_per_cpu_second(theirs)) for _ in range(arguments.rounds)]
        mine, other = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(a / b for a, b in rounds)
        print(f"{size:<5} {count_parameters(config):>11,} {mine:>15,.0f} {other:>17,.0f} {ratio:>6.2f}")


if __name__ == "__main__":
    main()
