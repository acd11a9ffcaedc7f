"""Write what `commit-llm --version` prints: the version, jax's, the devices that it sees, and a GPU that it does not.

A report of a fault begins with these lines, so that they are written where jax is missing or broken too.
"""

import importlib.metadata
import os
from collections import Counter

from commit_llm import __version__
from commit_llm.errors import reason_of
from commit_llm.parallel.unused_gpu import unused_gpu


def version_text() -> str:
    """Give the lines. A GPU's memory is not taken: another program may be at work on it."""
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    lines = [f"commit-llm {__version__}", _jax_and_devices()]
    return "\n".join([*lines, *filter(None, [unused_gpu(os.environ)])])


def _jax_and_devices() -> str:
    try:
        jax_version = importlib.metadata.version("jax")
    except importlib.metadata.PackageNotFoundError:
        return "jax is not installed; pip install commit-llm installs it"
    try:
        import jax

        kinds = Counter(f"{device.device_kind} ({device.platform})" for device in jax.devices())
    except Exception as error:  # whatever a driver or a half-made installation raises
        return f"jax {jax_version}, no device: {reason_of(error)}"
    number = sum(kinds.values())
    names = ", ".join(f"{count} x {kind}" if len(kinds) > 1 else kind for kind, count in kinds.items())
    return f"jax {jax_version}, {number} device{'s' if number > 1 else ''}: {names.replace('cpu (cpu)', 'cpu')}"
