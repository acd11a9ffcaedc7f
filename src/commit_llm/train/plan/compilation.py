"""The real training step, compiled for devices that may be absent; a program that planning.py starts.

A process apart can be stopped in the middle of a compilation, keeps the compiler's messages off the terminal, and
turns a crash of the compiler into one line. It reads a question as JSON on standard input and writes the answer to
standard output:

    {"recipe": {...}, "config": {...}, "topology": "v3:2x2" or null}
    {"platform": "tpu", "devices": 8, "parameters": 3369..., "needed": 1482..., ...}     or {"mistake": "..."}
"""

import json
import math
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.recipes import Recipe

if TYPE_CHECKING:
    from commit_llm.model.execution import Remat
    from commit_llm.train.prepare import Training

UNITS = {"B": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
AMOUNT = r"([\d.]+)([BKMGT])"
# The compiler says in two ways that a program is too large, with the figure.
USED = re.compile(rf"Used {AMOUNT} of {AMOUNT} hbm")
TEMPORARIES = re.compile(rf"temporaries \({AMOUNT}\) exceeds available HBM \({AMOUNT}\)")


@dataclass(frozen=True)
class CompiledStep:
    """Describe a step on its devices, in bytes on each.

    devices: in the mesh.
    idle: devices that are not.
    mesh_reason: why it is that mesh, for `--mesh auto`.
    hosts: that share the devices, idle ones too.
    needed: the compiler's figure; None where nothing was compiled.
    dtype: of the matrix products.
    dtype_reason: why they are float32, where bfloat16 could be expected.
    auto_dtype: that `--dtype auto` comes to.
    remat: what a layer keeps for the backward pass.
    remat_reason: why, for `--remat auto`.
    available: the memory that a command may take of such a device; None where it does not say.
    exhausted: the compiler's message where the step does not fit.
    seconds: that the compilation took.
    """

    platform: str
    device_kind: str
    devices: int
    mesh: dict[str, int]
    attention: str
    dtype: str
    dtype_reason: str
    auto_dtype: str
    remat: "Remat"
    remat_reason: str
    frozen: int
    parameters: int
    optimizer: int
    needed: int | None = None
    available: int | None = None
    exhausted: str | None = None
    seconds: float | None = None
    idle: int = 0
    mesh_reason: str = ""
    hosts: int = 1


def compile_step(recipe: Recipe, config: ModelConfig, topology: str | None) -> CompiledStep:
    """Compile the step of a recipe for a topology, or for the devices of this machine.

    For absent GPUs it is only laid out. Raises UserError for an unknown topology, and where the compiler
    fails for another reason than memory.
    """
    import jax

    from commit_llm.parallel.device_memory import bytes_for_program, bytes_of_kind, bytes_of_program
    from commit_llm.parallel.topologies import absent_devices, find_topology
    from commit_llm.train.prepare import prepare

    jax.config.update("jax_enable_compilation_cache", False)  # a program from the cache does not know its memory
    target = None if topology is None else find_topology(topology)
    devices: Sequence[Any] = jax.devices() if target is None else absent_devices(target)
    memory = bytes_for_program(devices) if target is None else bytes_of_kind(target.kind, os.environ)
    training = prepare(recipe, config, list(devices), memory)
    described = replace(_described(training, devices), available=memory)
    if devices[0].platform == "gpu" and topology is not None:
        return described
    started = time.monotonic()
    arguments = training.abstract_state(), _abstract_batch(training), training.abstract_frozen()
    lowered = training.step.lower(*arguments)  # type: ignore[attr-defined]
    try:
        memory = lowered.compile().memory_analysis()
    except Exception as error:  # the compiler's own kind, with its text
        text = " ".join(str(error).split())
        if "RESOURCE_EXHAUSTED" not in text:
            raise UserError(f"compiling for {topology or described.device_kind} failed: {text[:400]}") from None
        return replace(described, exhausted=text[:400], needed=needed_by(text))
    return replace(described, needed=bytes_of_program(memory, described.platform), seconds=time.monotonic() - started)


def needed_by(message: str) -> int | None:
    """Read out of a RESOURCE_EXHAUSTED message how many bytes are needed, all in all.

    The second kind of message speaks of temporaries, but counts the state too.

    >>> needed_by("RESOURCE_EXHAUSTED: Ran out of memory in memory space hbm. Used 17.50G of 15.75G hbm.") / 2**30
    17.5
    >>> needed_by("the total memory required for HLO temporaries (5.5T) exceeds available HBM (15.75G).") / 2**40
    5.5
    """
    match = USED.search(message) or TEMPORARIES.search(message)
    return int(float(match[1]) * UNITS[match[2]]) if match else None


def _described(training: "Training", devices: Sequence[Any]) -> CompiledStep:
    import jax

    from commit_llm.model.execution import compute_dtype, dtype_reason

    def bytes_on_each(tree: Any) -> int:
        return sum(
            math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree)
        )

    state, first = training.abstract_state(), devices[0]
    mesh = {name: int(size) for name, size in training.mesh.mesh.shape.items()}
    return CompiledStep(
        platform=first.platform,
        device_kind=first.device_kind,
        devices=len(devices) - training.mesh.idle,
        idle=training.mesh.idle,
        mesh=mesh,
        mesh_reason=training.mesh.reason,
        hosts=len({device.process_index for device in devices}),
        attention=f"{training.attention.path} ({training.attention.reason})",
        dtype=compute_dtype(training.recipe.dtype, first).name,
        dtype_reason=dtype_reason(training.recipe.dtype, first),
        auto_dtype=compute_dtype("auto", first).name,
        remat=training.remat.value,
        remat_reason=training.remat.reason,
        frozen=bytes_on_each(training.abstract_frozen()),
        parameters=bytes_on_each(state.params),
        optimizer=bytes_on_each(state.opt_state),
    )


def _abstract_batch(training: "Training") -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    from commit_llm.data.packing.batch import empty_batch, step_arrays

    recipe = training.recipe
    whole = jax.ShapeDtypeStruct((recipe.batch_size, recipe.seq_len), jnp.int32, sharding=training.batch_sharding)
    return {name: whole.update(dtype=array.dtype) for name, array in step_arrays(empty_batch(1, 1)).items()}


def main() -> None:
    """Answer the question on standard input."""
    question = json.load(sys.stdin)
    values: dict[str, Any] = question["recipe"]
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    recipe = replace(Recipe(), **values)
    try:
        answer = asdict(compile_step(recipe, ModelConfig.from_plain(question["config"]), question["topology"]))
    except UserError as error:
        answer = {"mistake": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
