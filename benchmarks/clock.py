"""Settle threads and memory before jax and torch are imported, and measure time and memory as the device asks for."""

import os
import time
from collections.abc import Callable
from typing import Any

ON_CPU = os.environ.setdefault("JAX_PLATFORMS", "cpu") == "cpu"
TORCH_DEVICE = "cpu" if ON_CPU else "cuda"
if ON_CPU:  # one thread each, so that CPU seconds are those of one core
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["OMP_NUM_THREADS"] = "1"
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.95")


def seconds(run: Callable[[], Any]) -> float:
    """Time a call: in CPU seconds on a CPU, in wall seconds on a GPU."""
    clock = time.process_time if ON_CPU else time.perf_counter
    begun = clock()
    run()
    return clock() - begun


def device_name(library: str) -> str:
    """Give the device's name in a library ("jax" or "torch"); a GPU has the same name in both."""
    if library == "jax":
        import jax

        return jax.devices()[0].device_kind
    if ON_CPU:
        return "cpu"
    import torch

    return torch.cuda.get_device_name()


def peak_bytes(library: str) -> int | None:
    """Give the most bytes of the device's memory that a library had at one time; None on a CPU."""
    if ON_CPU:
        return None
    if library == "jax":
        import jax

        return jax.devices()[0].memory_stats()["peak_bytes_in_use"]
    import torch

    return torch.cuda.max_memory_allocated()
