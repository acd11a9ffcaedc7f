"""Measure training tokens a second, ours beside Hugging Face's LLaMA, in one run.

    python benchmarks/train.py [--sizes 2M 15M] [--rounds 5]
    JAX_PLATFORMS=cuda python benchmarks/train.py [--sizes 1B 7B] [--rows 16] [--sequence 512]

Both train the same model on the same batches: forward, backward, clip by global norm, AdamW. Ours is the step
that `commit-llm train` takes, without dropout, which theirs has not; theirs is `transformers` with SDPA attention
and torch's fused AdamW.

On a CPU: fp32, one core, nothing recomputed. Rounds are interleaved, because these machines are noisy; the figure is
the median over rounds of tokens per second of CPU time.

On a GPU: bf16 products, each contender in a process of its own (--isolated does so on a CPU too), theirs as it is
and compiled; wall time. All keep fp32 weights and moments, theirs by autocast. At 1 B nothing is recomputed. At 7 B (or
with --recompute) all recompute their layers, and ours keeps the first moment in bf16, as the recipes do. The whole 7B
needs an H200; --fit GIB trains as many of its layers as fit in that memory.

--optimizer, --lora-r and --profile are for ours alone (--alone ours): the recipe's flags of these names, and a profile;
with what the compiler says that a step needs, and the operations that take longest.

Needs torch and transformers (extra parity).
"""

import argparse
import dataclasses
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from apart import CONTENDERS, HEADER, add_flags, compare, measure, versions
from clock import ON_CPU, TORCH_DEVICE, seconds
from models import GIB, MODELS, layers_that_fit, our_layers_that_fit, their_model
from step_profile import longest_operations, record
from training import OurSteps, Tuning, execution_here, our_steps, random_tokens

from commit_llm.model.adapter import adapted_flops_a_token
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_parameters, training_flops_a_token

SIZES = {
    "2M": ModelConfig(4096, 128, 344, 4, 4, 4, 32, 2048),
    "15M": ModelConfig(8192, 320, 864, 8, 5, 5, 64, 2048),
    **MODELS,
}
RECOMPUTED = ("7B", "8B")  # whatever the flags say


def their_steps(
    config: ModelConfig, tokens: np.ndarray, steps: int, *, recompute: bool, compiled: bool
) -> Callable[[], float]:
    """Make a function that takes some steps of transformers and torch, and gives the last loss."""
    import torch

    model = their_model(config, torch.float32, TORCH_DEVICE).train()
    if recompute:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.0, fused=True)
    inputs, labels = (torch.tensor(part, device=TORCH_DEVICE).long() for part in (tokens[:, :-1], tokens[:, 1:]))

    def loss_of(inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(TORCH_DEVICE, torch.bfloat16, enabled=not ON_CPU):
            logits = model(inputs, use_cache=False).logits
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())

    forward = torch.compile(loss_of) if compiled else loss_of

    def run() -> float:
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            loss = forward(inputs, labels)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        return float(loss.detach())

    return run


def steps_of(contender: str, size: str, arguments: argparse.Namespace) -> tuple[Callable[[], float], int, float]:
    """Make a function that takes the steps of a round; give it with its tokens and floating-point operations."""
    config, _ = model_of(size, arguments)
    tokens, recompute = random_tokens(config, arguments.rows, arguments.sequence), recomputes(size, arguments)
    run: Callable[[], float]
    if contender == "ours":
        run = our_steps(config, tokens, arguments.steps, tuning_of(size, arguments))
    else:
        run = their_steps(config, tokens, arguments.steps, recompute=recompute, compiled=contender == "compiled")
    made = arguments.rows * arguments.sequence * arguments.steps
    adapter = tuning_of(size, arguments).adapter
    if adapter is not None:
        return run, made, made * adapted_flops_a_token(config, arguments.sequence, adapter)
    return run, made, made * training_flops_a_token(config, arguments.sequence)


def tuning_of(size: str, arguments: argparse.Namespace) -> Tuning:
    """Say what of a model is trained by ours, and how."""
    how = {"optimizer": arguments.optimizer, "lora_r": arguments.lora_r}
    return Tuning("nothing", "bfloat16", **how) if recomputes(size, arguments) else Tuning(**how)


def together(size: str, arguments: argparse.Namespace) -> None:
    """Measure ours and theirs in interleaved rounds, and print a row."""
    prepared = [steps_of(contender, size, arguments) for contender in CONTENDERS[:2]]
    for run, *_ in prepared:
        run()  # compilation and warm-up
    measured = [[made / seconds(run) for run, made, _ in prepared] for _ in range(arguments.rounds)]
    ours, theirs = (statistics.median(column) for column in zip(*measured, strict=True))
    ratio = statistics.median(a / b for a, b in measured)
    parameters = count_parameters(model_of(size, arguments)[0])
    print(f"{size:<5} {parameters:>13,} {ours:>13,.0f} {theirs:>13,.0f} {ratio:>6.2f}", flush=True)


def alone(size: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure one contender in this process."""
    run, made, flops = steps_of(arguments.alone, size, arguments)
    figures = measure(arguments.alone, run, arguments.rounds, tokens=made, flops=flops)
    what = f"training, {arguments.rows} rows of {arguments.sequence}"
    what += ", layers recomputed" if recomputes(size, arguments) else ""
    what += f", LoRA r {arguments.lora_r}" if arguments.lora_r else ""
    what += "" if arguments.optimizer == "adamw" else f", {arguments.optimizer}"
    figures |= {"model": model_of(size, arguments)[1], "what": what}
    if isinstance(run, OurSteps) and is_for_ours(arguments):
        figures |= described(size, arguments, run)
    return figures


def is_for_ours(arguments: argparse.Namespace) -> bool:
    """Say whether flags are given that are for ours alone."""
    return arguments.optimizer != "adamw" or arguments.lora_r is not None or arguments.profile is not None


def described(size: str, arguments: argparse.Namespace, run: OurSteps) -> dict[str, Any]:
    """Say what the compiler and `plan` need to be compared: the recipe, the model; and where a step's time goes."""
    config, tuning = model_of(size, arguments)[0], tuning_of(size, arguments)
    execution = execution_here(config, arguments.rows, arguments.sequence, tuning.remat)
    recipe = dataclasses.asdict(tuning) | {"batch_size": arguments.rows, "seq_len": arguments.sequence}
    recipe["momentum_dtype"] = recipe.pop("momentum")
    longest = []
    if arguments.profile is not None:
        record(dataclasses.replace(run, steps=1), arguments.profile)
        longest = longest_operations(arguments.profile)
    return {
        "recipe": recipe,
        "config": config_fields(config),
        "dtype": np.dtype(execution.dtype).name,
        "scores": execution.attention == "reference",
        "compiler_gib": run.needed / GIB,
        "longest": longest,
    }


def config_fields(config: ModelConfig) -> dict[str, int]:
    """Give the sizes that the models here differ in."""
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    names += ("num_key_value_heads", "head_dim", "max_position_embeddings")
    return {name: getattr(config, name) for name in names}


def model_of(size: str, arguments: argparse.Namespace) -> tuple[ModelConfig, str]:
    """Give the model of a size, with as many layers as --fit asks for, and its name in the table."""
    config = SIZES[size]
    if arguments.fit is None:
        return config, size
    if is_for_ours(arguments):
        layers = our_layers_that_fit(config, arguments.fit, "lora" if arguments.lora_r else arguments.optimizer)
    else:
        layers = layers_that_fit(config, arguments.fit, arguments.rows * arguments.sequence)
    if layers == 0:
        raise SystemExit(f"--fit {arguments.fit:g}: not one layer of {size} fits")
    name = f"{size}, {layers} of {config.num_hidden_layers} layers"
    return dataclasses.replace(config, num_hidden_layers=layers), name


def recomputes(size: str, arguments: argparse.Namespace) -> bool:
    """Say whether all contenders recompute their layers in the backward pass."""
    return arguments.recompute or size in RECOMPUTED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["2M", "15M"] if ON_CPU else ["1B", "7B"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="steps of a round")
    parser.add_argument("--rows", type=int, default=8 if ON_CPU else 16)
    parser.add_argument("--sequence", type=int, default=256 if ON_CPU else 512)
    parser.add_argument("--recompute", action="store_true", help="recompute the layers in the backward pass")
    parser.add_argument("--fit", type=float, metavar="GIB", help="train as many layers as fit in this memory")
    parser.add_argument("--optimizer", choices=("adamw", "adamw-split", "adamw-lean"), default="adamw")
    parser.add_argument("--lora-r", type=int, metavar="RANK")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="write a profile of one step")
    add_flags(parser, ON_CPU)
    arguments = parser.parse_args()
    if is_for_ours(arguments) and arguments.alone != "ours":
        parser.error("--optimizer, --lora-r and --profile are for --alone ours")
    if arguments.alone:
        for size in arguments.sizes:
            print(json.dumps(alone(size, arguments)))
        return
    print(versions("jax", "torch", "transformers"), end="; ")
    print(f"{arguments.rows} x {arguments.sequence} tokens a step, {'CPU seconds' if ON_CPU else 'wall seconds'}")
    if arguments.isolated:
        print(HEADER)
    else:
        print("{:<5} {:>13} {:>13} {:>13} {:>6}".format("size", "parameters", "ours tok/s", "theirs tok/s", "ratio"))
    for size in arguments.sizes:
        if not arguments.isolated:
            together(size, arguments)
            continue
        command = [__file__, "--sizes", size, "--rounds", arguments.rounds, "--rows", arguments.rows]
        command += ["--sequence", arguments.sequence, "--steps", arguments.steps]
        command += ["--recompute"] if arguments.recompute else []
        command += [] if arguments.fit is None else ["--fit", arguments.fit]
        compare(size, arguments.contenders, command)


if __name__ == "__main__":
    main()
