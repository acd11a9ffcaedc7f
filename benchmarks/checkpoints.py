"""Measure what the manifest of a checkpoint costs: a save with it and without, and the checksums that it could have.

    python benchmarks/checkpoints.py [--layers 30] [--rounds 5]

The state is that of a model of SmolLM2-135M's sizes with random fp32 weights: parameters, a bf16 and an fp32 moment. A
save is from `Checkpoints.save` until everything stands, on the wall clock; nothing else is done meanwhile. Rounds of
with and without are interleaved, because these machines are noisy; the figures are medians. What is told as the
manifest's is its own time within a save: reading the files again, from memory as a rule, and their checksums.
"""

import argparse
import hashlib
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xxhash

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import init_parameters
from commit_llm.train import checkpoint
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.optimizer import AdamState
from commit_llm.train.step import TrainState

BLOCK = 1 << 20


def state_of(layers: int) -> TrainState:
    """Make a state with moments of the sizes and dtypes that training has."""
    config = ModelConfig(49152, 576, 1536, layers, 9, 3, 64, 2048, tie_word_embeddings=True)
    params = init_parameters(config, jax.random.key(0))
    first = jax.tree.map(lambda array: (1e-3 * array).astype(jnp.bfloat16), params)
    return TrainState(np.int32(0), params, AdamState(jnp.int32(0), first, jax.tree.map(jnp.square, params)))


def seconds_of_save(folder: Path, state: TrainState, step: int) -> float:
    """Save a state, wait for all of it, and give the seconds."""
    checkpoints = Checkpoints(folder, keep=1)
    begun = time.perf_counter()
    with checkpoints:
        checkpoints.save(state._replace(step=np.int32(step)), {"data": {}, "tokens": 0})
    return time.perf_counter() - begun


class CyclicRedundancy:
    """Give zlib's CRC-32 the form of the others."""

    value = 0

    def update(self, block: bytes) -> None:
        self.value = zlib.crc32(block, self.value)


def bytes_a_second(files: list[Path], make: Callable[[], Any]) -> float:
    """Give how fast a checksum of files is made, reading included."""
    begun, size = time.perf_counter(), 0
    for path in files:
        digest = make()
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
    return size / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    state = state_of(arguments.layers)
    write, of_manifest = checkpoint.write_manifest, []

    def timed(folder: Path) -> None:
        begun = time.perf_counter()
        write(folder)
        of_manifest.append(time.perf_counter() - begun)

    ways = {"with": timed, "without": lambda folder: None}
    checksums = {"CRC-32": CyclicRedundancy, "SHA-256": hashlib.sha256, "XXH3-128": xxhash.xxh3_128}
    saves: dict[str, list[float]] = {way: [] for way in ways}
    speeds: dict[str, list[float]] = {name: [] for name in checksums}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(arguments.rounds):
            for place, (way, manifest) in enumerate(ways.items()):
                checkpoint.write_manifest = manifest
                saves[way].append(seconds_of_save(folder, state, 2 * number + place + 1))
            files = [path for path in folder.rglob("*") if path.is_file()]
            for checksum, make in checksums.items():
                speeds[checksum].append(bytes_a_second(files, make))
        size = sum(path.stat().st_size for path in files)
    whole, own = statistics.median(saves["without"]), statistics.median(of_manifest)
    state_size = sum(array.nbytes for array in jax.tree.leaves(state))
    print(f"a state of {state_size / 1e9:.2f} GB in files of {size / 1e9:.2f} GB; medians of {arguments.rounds} rounds")
    for way, seconds in saves.items():
        print(f"a save {way:<8}{statistics.median(seconds):>6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    print(f"the manifest {own:.3f} s ({min(of_manifest):.3f} to {max(of_manifest):.3f}), {own / whole:.1%} of a save")
    for checksum, each in speeds.items():
        speed = statistics.median(each)
        print(f"{checksum:<9}{speed / 1e9:>5.1f} GB/s, {size / speed / whole:.1%} of a save")


if __name__ == "__main__":
    main()
