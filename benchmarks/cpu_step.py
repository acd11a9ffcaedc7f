"""Say where the time of a training step on a CPU goes: a profile of the step, by the source of its operations.

    python benchmarks/cpu_step.py [--rows 1] [--layers 30] [--example 237]

SmolLM2-135M with random weights, a row of 1,024 tokens of examples of 237, 2.5 % of them trained, fp32, on one core,
without recomputation. The GFLOP/s are those of the layers' products. Seconds are of the profile, so leave the core to
it.
"""

import argparse
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from apart import versions
from clock import device_name, seconds
from step_profile import operations, record
from training import our_steps, random_tokens

from commit_llm.model.config import ModelConfig

SEQUENCE, TRAINED = 1024, 1 / 40
# The parts of a step by the module that an operation comes from, and whether it is a matrix product.
PARTS = {
    ("row_attention", True): "attention: products",
    ("row_attention", False): "attention: softmax and passes over the scores",
    ("block", True): "matrix products of the layers",
    ("block", False): "norms, activation, residual",
    ("rotary", False): "rotary embedding",
    ("head", True): "head: products",
    ("head", False): "head",
    ("loss", True): "head: products",
    ("loss", False): "loss",
    ("optimizer", False): "optimizer and clipping",
    ("decoder", False): "embedding",
}
OTHER = "other"
CONTAINERS = ("while", "conditional", "call")

Instruction = tuple[str, bool]


def instructions_of(text: str) -> dict[str, Instruction | None]:
    """Read of a compiled program which part each instruction belongs to; None for one that runs others.

    text: HLO with its tables of files, locations and frames.
    """
    modules = dict(re.findall(r'^(\d+) ".*?([^/"]+)\.py"$', _table(text, "FileNames"), re.M))
    paths = dict(re.findall(r'^(\d+) "(.*)"$', _table(text, "FileNames"), re.M))
    files = dict(re.findall(r"^(\d+) \{file_name_id=(\d+)", _table(text, "FileLocations"), re.M))
    frames = {
        number: (files[location], str(int(parent) - 1))
        for number, location, parent in re.findall(
            r"^(\d+) \{file_location_id=(\d+) parent_frame_id=(\d+)", _table(text, "StackFrames"), re.M
        )
    }

    def module_of(frame: str) -> str:
        while frame in frames:
            file, parent = frames[frame]
            if "commit_llm/" in paths[file] or "optax/" in paths[file]:
                return "optimizer" if "optax/" in paths[file] else modules[file]
            frame = parent
        return OTHER

    instructions: dict[str, Instruction | None] = {}
    for line in re.findall(r"^ +(?:ROOT )?%(.*)$", text, re.M):
        name, _, rest = line.partition(" = ")
        opcode = re.search(r" ([a-z-]+)\(", rest)
        frame, source = re.search(r"stack_frame_id=(\d+)", rest), re.search(r'op_name="([^"]*)"', rest)
        is_product = bool(opcode) and (opcode[1] == "dot" or bool(source and source[1].endswith("dot_general")))
        is_container = bool(opcode) and opcode[1] in CONTAINERS
        instructions[name] = None if is_container else (module_of(frame[1]) if frame else OTHER, is_product)
    return instructions


def _table(text: str, name: str) -> str:
    """Give the lines of a table at the head of a program."""
    return text.partition(f"\n{name}\n")[2].partition("\n\n")[0]


def parts_of(folder: Path, text: str) -> dict[str, float]:
    """Give the milliseconds of each part of a step, the longest first."""
    instructions, milliseconds = instructions_of(text), Counter[str]()
    for name, spent in operations(folder):
        instruction = instructions.get(name, (OTHER, False))
        if instruction is not None:
            milliseconds[PARTS.get(instruction, f"{OTHER}: {instruction[0]}")] += spent
    return dict(milliseconds.most_common())


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
        parts = parts_of(Path(folder), run.step.as_text())
    total = sum(parts.values())
    heads = config.num_attention_heads + config.num_key_value_heads
    of_layer = config.hidden_size * (2 * heads * config.head_dim + 3 * config.intermediate_size)
    flops = 6 * config.num_hidden_layers * of_layer * arguments.rows * SEQUENCE  # forward, and twice that backward
    for part, milliseconds in parts.items():
        rate = f"{flops / milliseconds / 1e6:>8.0f} GFLOP/s" if part == PARTS["block", True] else ""
        print(f"{part:<48}{milliseconds / 1000:>8.2f} s{milliseconds / total:>8.1%}{rate}")


if __name__ == "__main__":
    main()
