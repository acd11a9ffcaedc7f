"""Measure the time to answer prompts, ours beside Hugging Face's `generate`, in one run.

    python benchmarks/generate.py [--sizes 15M 40M] [--prompts 100] [--new-tokens 32] [--rounds 3]
    JAX_PLATFORMS=cuda python benchmarks/generate.py [--sizes 1B 7B] [--batch-size 8] [--width 768] [--rounds 3]

On a CPU: fp32, one core, CPU seconds, the same model (random weights), the same prompts of ogx_xquad_el as LLaMA
tokens, and a stop at a newline, at eos, or after the new tokens. Ours are the batches of `commit-llm eval`; theirs
are of two prompts, as in the original, and then ours over again, padded to the longest of each; all sorted by length.
Rounds are interleaved, because these machines are noisy, and the figure is the median. Our compilation is told apart:
it is paid once a shape, of which there are seven at most. Needs the reference material (COMMIT_SHARED).

On a GPU: bf16, each contender in a process of its own (--isolated does so on a CPU too), theirs as it is and compiled
(with a cache of fixed size, which compilation needs). One batch of prompts of random tokens, all equally long, is
answered, without a stop. The figure is new tokens per second of wall time; the time includes reading the prompts.

Needs torch and transformers (extra parity).
"""

import argparse
import json
from typing import Any

from answering import answering_flops, answers_of
from apart import HEADER, add_flags, compare, measure, versions
from clock import ON_CPU
from models import MODELS
from training import random_tokens

from commit_llm.model.config import ModelConfig

SIZES = {
    "15M": ModelConfig(32000, 256, 688, 8, 4, 4, 64, 2048, tie_word_embeddings=True),
    "40M": ModelConfig(32000, 512, 1376, 8, 8, 8, 64, 2048, tie_word_embeddings=True),
    **MODELS,
}


def alone(size: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure one contender in this process."""
    config, rows, width, new = SIZES[size], arguments.batch_size, arguments.width, arguments.new_tokens
    prompts = random_tokens(config, rows, width)[:, :width]
    run = answers_of(arguments.alone, config, prompts, new)
    flops = answering_flops(config, rows, width, new)
    figures = measure(arguments.alone, run, arguments.rounds, tokens=rows * new, flops=flops)
    return {"model": size, "what": f"answering, {rows} prompts of {width}, {new} new tokens each"} | figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["15M", "40M"] if ON_CPU else ["1B", "7B"])
    parser.add_argument("--prompts", type=int, default=100, help="of XQuAD")
    parser.add_argument("--width", type=int, default=768, help="tokens of a prompt, where they are random")
    parser.add_argument("--new-tokens", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    add_flags(parser, ON_CPU)
    arguments = parser.parse_args()
    if arguments.alone:
        for size in arguments.sizes:
            print(json.dumps(alone(size, arguments)))
    elif arguments.isolated:
        print(versions("jax", "torch", "transformers"))
        print(HEADER)
        for size in arguments.sizes:
            command = [__file__, "--sizes", size, "--rounds", arguments.rounds, "--width", arguments.width]
            command += ["--new-tokens", arguments.new_tokens, "--batch-size", arguments.batch_size]
            compare(size, arguments.contenders, command)
    else:
        from xquad import together  # it needs more than the step does, and the reference material

        together({size: SIZES[size] for size in arguments.sizes}, arguments)


if __name__ == "__main__":
    main()
