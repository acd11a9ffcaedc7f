"""Whether a command computes on a CPU where an NVIDIA GPU is, because the extra that uses it is not installed."""

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path

# What the driver leaves on a machine, without any program being run.
DRIVER, FIRST_GPU = "proc/driver/nvidia/version", "dev/nvidia0"
PLUGINS = ("jax_cuda12_plugin", "jax_cuda13_plugin")
CUDA_13 = 580  # the least major version of a driver that runs CUDA 13


def unused_gpu(environ: Mapping[str, str], root: Path = Path("/")) -> str | None:
    """Say in a line how a GPU of this machine would be used; None where none is, or where it is left aside on purpose.

    Where the extra is installed, and jax takes the CPU all the same, jax says why.

    root: the folder that the driver's files are in.
    """
    is_there = (root / DRIVER).exists() or (root / FIRST_GPU).exists()
    asked_for_cpu = environ.get("JAX_PLATFORMS", "") != "" or environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    if not is_there or asked_for_cpu or any(importlib.util.find_spec(name) for name in PLUGINS):
        return None
    version = _driver(root)
    extra = "cuda13" if version is None or version >= CUDA_13 else "cuda12"
    driver = "an NVIDIA GPU" if version is None else f"an NVIDIA GPU (driver {version})"
    return f"this runs on the CPU, and the machine has {driver}: to use it, pip install 'commit-llm[{extra}]'"


def _driver(root: Path) -> int | None:
    """Give the major version of the driver; None where it is not said in a way that we know."""
    try:
        text = (root / DRIVER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    version = re.search(r"Kernel Module[^\n]*?\s(\d{3,4})\.\d+", text)
    return int(version[1]) if version else None
