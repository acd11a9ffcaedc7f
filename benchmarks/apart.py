"""Run each contender of a benchmark in a process of its own, which has the device to itself, and print a table."""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from clock import device_name, peak_bytes, seconds

from commit_llm.parallel.topologies import kind_of

CONTENDERS = ("ours", "eager", "compiled")
ROW = "{:<24} {:<9} {:>10} {:>8} {:>9} {:>11}"


def add_flags(parser: argparse.ArgumentParser, on_cpu: bool) -> None:
    """Add the flags that say which contenders run apart from each other."""
    parser.add_argument(
        "--isolated", action="store_true", default=not on_cpu, help="each contender in a process of its own"
    )
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=CONTENDERS, help="of isolated runs")
    parser.add_argument(
        "--alone", choices=CONTENDERS, help="run this contender in this process, and print a line of JSON for each size"
    )


def measure(contender: str, run: Callable[[], Any], rounds: int, *, tokens: int, flops: float) -> dict[str, Any]:
    """Measure one contender in this process, and take the median of its rounds.

    tokens: how many one call of run makes.
    flops: the floating-point operations of the model that one call of run needs.

    In the result, peak is that of the device in TFLOP/s and mfu the share of it that was reached; both are None for a
    device that the table of parallel/topologies.py lacks. peak_gib is the most memory at one time; None on a CPU.
    """
    for _ in range(2):  # compilation, and what the first call after it still prepares
        run()
    median = statistics.median(seconds(run) for _ in range(rounds))
    libraries = ("jax",) if contender == "ours" else ("torch", "transformers")
    device, memory = device_name(libraries[0]), peak_bytes(libraries[0])
    kind = kind_of(device)
    return {
        "contender": contender,
        "tokens_per_second": tokens / median,
        "mfu": flops / median / kind.peak / 1e12 if kind else None,
        "peak_gib": None if memory is None else memory / 2**30,
        "device": device,
        "peak": kind.peak if kind else None,
        "versions": versions(*libraries),
    }


def versions(*packages: str) -> str:
    """Give the names and versions of packages, in one line."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def compare(model: str, contenders: Sequence[str], command: Sequence[Any]) -> None:
    """Run `command --alone CONTENDER` for each contender, and print its row."""
    ours = None
    for contender in contenders:
        words = [sys.executable, *map(str, command), "--alone", contender]
        done = subprocess.run(words, capture_output=True, text=True, env=os.environ)
        if done.returncode:
            reason = [line for line in done.stderr.splitlines() if "memory" in line.lower()] or done.stderr.splitlines()
            print(f"{model:<24} {contender:<9} did not run: {(reason or ['it said nothing'])[-1][:200]}", flush=True)
            continue
        figures = json.loads(done.stdout.splitlines()[-1])
        ours = figures["tokens_per_second"] if contender == "ours" else ours
        print(ROW.format(figures["model"], contender, *cells(figures, ours)), flush=True)


def cells(figures: dict[str, Any], ours: float | None) -> tuple[str, str, str, str]:
    """Format the tokens a second, the MFU, the peak memory, and how many times as fast ours is."""
    speed, mfu, memory = figures["tokens_per_second"], figures["mfu"], figures["peak_gib"]
    return (
        f"{speed:,.0f}",
        "unknown" if mfu is None else f"{mfu:.1%}".replace("%", " %"),
        "unknown" if memory is None else f"{memory:.1f}",
        f"{ours / speed:.2f}" if ours and figures["contender"] != "ours" else "",
    )


HEADER = ROW.format("model", "contender", "tokens/s", "MFU", "peak GiB", "ours/theirs")
