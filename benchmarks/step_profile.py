"""Record a profile of a call on the device, and name the operations that took longest."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CONTAINERS = ("while", "call", "conditional")  # whose time is that of the operations in them


def record(run: Callable[[], Any], folder: Path) -> None:
    """Call a function that waits for the device, and write what TensorBoard and Perfetto show into a folder."""
    import jax

    with jax.profiler.trace(str(folder)):
        run()


def longest_operations(folder: Path, count: int = 8) -> list[tuple[str, float, float]]:
    """Give the operations of a profile that took longest: name, milliseconds, share of all operations, 0 to 1.

    Those that differ in their number alone (fusion.12) count as one.
    """
    milliseconds: Counter[str] = Counter()
    for path in folder.glob("**/*.trace.json.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        for event in events:
            name = re.sub(r"[.\d]+$", "", event.get("args", {}).get("hlo_op", ""))
            if name and not name.startswith(CONTAINERS):
                milliseconds[name] += event.get("dur", 0) / 1000
    total = milliseconds.total()
    return [(name, spent, spent / total) for name, spent in milliseconds.most_common(count)] if total else []
