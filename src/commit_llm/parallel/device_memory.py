"""Say how much memory a program takes of a device, and how much it may: a share of a GPU, or what there is here."""

import math
import os
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.parallel.topologies import DeviceKind

# jax alone takes 0.75 of a GPU's memory. What is left is for CUDA and its libraries, and for a screen.
GPU_SHARE = 0.92
SHARE = "XLA_CLIENT_MEM_FRACTION"
SHARES = (SHARE, "XLA_PYTHON_CLIENT_MEM_FRACTION")  # the second is the older name, which jax reads too
# Files that say how much memory a container may take; the second is of the older kind of control groups.
CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def claim_gpu_memory(environ: MutableMapping[str, str]) -> None:
    """Let jax take `GPU_SHARE` of each GPU, unless the environment says what it takes.

    jax looks once, when it first looks for devices. Processes that are started later have the same environment.
    """
    if not any(environ.get(name) for name in SHARES):  # jax passes over an empty one
        environ[SHARE] = str(GPU_SHARE)


def gpu_share(environ: Mapping[str, str]) -> float:
    """Give the share of a GPU's memory that a command takes; raise UserError where the environment says no number."""
    for name in SHARES:
        if setting := environ.get(name):
            try:
                return float(setting)
            except ValueError:
                raise UserError(f"{name}={setting!r} in the environment: must be a number") from None
    return GPU_SHARE


def bytes_for_program(devices: Sequence[Any]) -> int | None:
    """Give the bytes that jax may take of each of the devices here; None where one does not say.

    devices: all that are used here. Those of a CPU share its memory.
    """
    if devices[0].platform == "cpu":
        return _bytes_of_machine() // len(devices)
    limits = [(device.memory_stats() or {}).get("bytes_limit", math.inf) for device in devices]
    return None if math.inf in limits else min(limits)


def bytes_of_kind(kind: DeviceKind, environ: Mapping[str, str]) -> int:
    """Give the bytes that a command may take of a device of a kind, which need not be here."""
    share = gpu_share(environ) if kind.platform == "gpu" else 1.0
    return int(kind.memory * share * 2**30)


def bytes_of_program(analysis: Any, platform: str) -> int:
    """Give the most bytes in use at once, of a compiled program: what goes in and whatever is temporary.

    New state takes the old one's place. A TPU's compiler says the figure, but for the program itself; its buffers share
    places, and their sum would be a fifth too much. Elsewhere the compiler's peak leaves temporary buffers out, and the
    sum is right.

    analysis: `memory_analysis()` of the program.
    """
    if platform == "tpu" and (peak := getattr(analysis, "peak_memory_in_bytes", 0)):
        return int(peak + analysis.generated_code_size_in_bytes)
    lasting = analysis.argument_size_in_bytes + analysis.output_size_in_bytes - analysis.alias_size_in_bytes
    return int(lasting + analysis.temp_size_in_bytes)


def _bytes_of_machine() -> int:
    """Give the memory of this machine, or of the container that this process runs in."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in CONTAINER_LIMITS:
        try:
            limits.append(int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):  # there is none, or it says "max"
            continue
    return min(limits)
