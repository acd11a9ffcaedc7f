"""Record a profile of a call on the device, and name the operations that took longest."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

CONTAINERS = ("while", "call", "cond")  # whose time is that of the operations in them


def record(run: Callable[[], Any], folder: Path) -> None:
    """Call a function that waits for the device, and write what TensorBoard and Perfetto show into a folder."""
    import jax

    with jax.profiler.trace(str(folder)):
        run()


def operations(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield the operations of a profile: name, milliseconds."""
    for path in folder.glob("**/*.trace.json.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            events = json.load(file)["traceEvents"]
        for event in events:
            if name := event.get("args", {}).get("hlo_op", ""):
                yield name, event.get("dur", 0) / 1000


def longest_operations(folder: Path, count: int = 8) -> list[tuple[str, float, float]]:
    """Give the operations of a profile that took longest: name, milliseconds, share of all operations, 0 to 1.

    Those that differ in their number alone (fusion.12) count as one.
    """
    milliseconds: Counter[str] = Counter()
    for name, spent in operations(folder):
        if not name.startswith(CONTAINERS):
            milliseconds[re.sub(r"[.\d]+$", "", name)] += spent
    total = milliseconds.total()
    return [(name, spent, spent / total) for name, spent in milliseconds.most_common(count)] if total else []
