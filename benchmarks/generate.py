# ruff: noqa: E402 (the number of threads is set before the libraries are imported)
"""Time to answer real XQuAD prompts, ours beside Hugging Face's `generate`, in one run.

    python benchmarks/generate.py [--sizes 15M 40M] [--prompts 100] [--new-tokens 32] [--rounds 3]

Both get the same model (random weights), the same prompts of ogx_xquad_el as LLaMA tokens, and stop at a
newline, at eos, or after the new tokens. Ours are the batches of `commit-llm eval`; theirs are of two prompts, as
in the original, and then ours over again, padded to the longest of each; all sorted by length. On a CPU: fp32, one
core, CPU seconds; on a GPU: bf16, wall seconds. Rounds are interleaved, because these machines are noisy, and the
figure is the median. Our compilation is told apart: it is paid once a shape, of which there are seven at most.
Needs torch and transformers (extra parity), and the reference material (COMMIT_SHARED).
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ON_CPU = os.environ.get("JAX_PLATFORMS", "cpu") == "cpu"
if ON_CPU:  # one thread each: CPU time is then what one core gives
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np
import torch
import transformers

from commit_llm.convert.huggingface import to_hf
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.answers import Answerer, Batch, generate_rows, plan_batches, stop_tokens
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_parameters, init_parameters

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
SIZES = {
    "15M": ModelConfig(32000, 256, 688, 8, 4, 4, 64, 2048, tie_word_embeddings=True),
    "40M": ModelConfig(32000, 512, 1376, 8, 8, 8, 64, 2048, tie_word_embeddings=True),
    "1B": ModelConfig(32000, 2048, 5632, 22, 32, 4, 64, 2048),
    "7B": ModelConfig(32000, 4096, 11008, 32, 32, 32, 128, 2048),
}
DTYPE, TORCH_DTYPE = (jnp.float32, torch.float32) if ON_CPU else (jnp.bfloat16, torch.bfloat16)


def our_answers(model: Answerer, prompts: Sequence[list[int]], batches: Sequence[Batch], new_tokens: int) -> list[int]:
    """The number of new tokens of each prompt."""
    stops = stop_tokens(model.tokenizer, model.config.vocab_size)
    lengths = [0] * len(prompts)
    for batch in batches:
        out = generate_rows(model, [prompts[i] for i in batch.prompts], batch, stops, new_tokens)
        for i, row in zip(batch.prompts, out, strict=True):
            lengths[i] = int((row >= 0).sum())
    return lengths


def their_answers(
    model: transformers.LlamaForCausalLM, prompts: Sequence[list[int]], groups: Sequence[list[int]], stops: list[int],
    new_tokens: int,
) -> None:  # fmt: skip
    """Greedy text, left-padded batches."""
    for group in groups:
        width = max(len(prompts[i]) for i in group)
        ids = torch.tensor([[0] * (width - len(prompts[i])) + prompts[i] for i in group], device=model.device)
        mask = torch.tensor(
            [[0] * (width - len(prompts[i])) + [1] * len(prompts[i]) for i in group], device=model.device
        )
        with torch.inference_mode():
            model.generate(
                input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=new_tokens, eos_token_id=stops,
                pad_token_id=0,
            )  # fmt: skip


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of a call on a CPU, wall seconds on a GPU."""
    clock = time.process_time if ON_CPU else time.perf_counter
    begun = clock()
    run()
    return clock() - begun


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["15M", "40M"] if ON_CPU else ["1B", "7B"])
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1 if ON_CPU else torch.get_num_threads())
    tokenizer = load_tokenizer(SHARED / "data" / "tokenizer" / "tokenizer.model")
    task = find_task("ogx_xquad_el")
    questions = load_questions(task, str(SHARED / "data" / "xquad"), arguments.prompts)
    longest = 2048 - arguments.new_tokens
    prompts = [tokenizer.encode(task.prompt(item.context, item.question))[-longest:] for item in questions]
    batches = plan_batches([len(ids) for ids in prompts], arguments.batch_size, longest, arguments.new_tokens)
    order = [i for batch in batches for i in batch.prompts]
    pairs = [order[start : start + 2] for start in range(0, len(order), 2)]
    print(f"jax {jax.__version__}, torch {torch.__version__}, transformers {transformers.__version__}")
    print(f"{jax.devices()[0].device_kind}, {jnp.dtype(DTYPE).name}; {len(prompts)} prompts of", end=" ")
    print(f"{sum(map(len, prompts)):,} tokens, {arguments.new_tokens} new ones each", end="; ")
    print(f"our batches: {[len(batch.prompts) for batch in batches]}")
    columns = ("size", "parameters", "ours s", "compiling", "two s", "equal s", "two/ours", "equal/ours")
    print("{:<5} {:>13} {:>8} {:>9} {:>8} {:>8} {:>9} {:>11}".format(*columns))
    for size in arguments.sizes:
        config = SIZES[size]
        params = jax.jit(lambda key, config=config: init_parameters(config, key))(jax.random.key(0))
        settings = transformers.LlamaConfig(**config.to_hf("float32"), attn_implementation="sdpa")
        theirs = transformers.LlamaForCausalLM(settings).eval()
        arrays = {name: torch.tensor(np.asarray(array)) for name, array in to_hf(params, config)}
        theirs.load_state_dict(arrays, strict=False)
        theirs = theirs.to("cpu" if ON_CPU else "cuda", TORCH_DTYPE)
        ours = Answerer.of(config, params, tokenizer, DTYPE)
        stops = [int(i) for i in np.flatnonzero(stop_tokens(tokenizer, config.vocab_size))]
        runs = (
            lambda ours=ours: our_answers(ours, prompts, batches, arguments.new_tokens),
            lambda theirs=theirs, stops=stops: their_answers(theirs, prompts, pairs, stops, arguments.new_tokens),
            lambda theirs=theirs, stops=stops: their_answers(
                theirs, prompts, [batch.prompts for batch in batches], stops, arguments.new_tokens
            ),
        )
        first = seconds(runs[0])
        their_answers(theirs, prompts, pairs[:1], stops, 2)
        rounds = [[seconds(run) for run in runs] for _ in range(arguments.rounds)]
        mine, two, equal = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratios = [statistics.median(row[k] / row[0] for row in rounds) for k in (1, 2)]
        print(
            f"{size:<5} {count_parameters(config):>13,} {mine:>8.1f} {first - mine:>9.1f} {two:>8.1f} {equal:>8.1f} "
            f"{ratios[0]:>9.2f} {ratios[1]:>11.2f}",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
