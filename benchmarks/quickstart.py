"""What `commit-llm quickstart` measures, over several seeds; exit status 1 where a bar fails.

    python benchmarks/quickstart.py [--seeds 5]

Runs the command itself for seeds 0, 1, ...: another seed is another world of people, other weights and another
order. Percent exact match; wall and CPU seconds of the whole command, the start of Python included.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ARMS = ("alpaca", "codemix-naive", "commit")
ALPACA_MAXIMUM, COMMIT_MEDIAN, COMMIT_MINIMUM, SECONDS = 5.0, 60.0, 45.0, 300.0
HEADER = "seed | Greek: " + ", ".join(ARMS) + " | English: " + ", ".join(ARMS) + " | seconds: wall, CPU"


class Run(NamedTuple):
    """Exact match (0-100) of each arm, by the language of the question; wall and CPU seconds."""

    greek: dict[str, float]
    english: dict[str, float]
    seconds: float
    cpu: float


def run(seed: int) -> Run:
    """Run the command in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "quickstart"
        began, cpu = time.perf_counter(), children()
        command = [sys.executable, "-m", "commit_llm", "quickstart", "--out", str(out), "--seed", str(seed)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds, cpu = time.perf_counter() - began, children() - cpu
        arms = json.loads((out / "quickstart.json").read_text(encoding="utf-8"))["arms"]
    greek, english = ({arm: arms[arm][language]["exact_match"] for arm in ARMS} for language in ("el", "en"))
    return Run(greek, english, seconds, cpu)


def children() -> float:
    """CPU seconds of the finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def line(seed: int, done: Run) -> str:
    """One line of the table."""
    cells = [" ".join(f"{scores[arm]:6.2f}" for arm in ARMS) for scores in (done.greek, done.english)]
    return f"{seed:4} | {cells[0]} | {cells[1]} | {done.seconds:.0f} {done.cpu:.0f}"


def verdict(runs: list[Run]) -> tuple[list[str], bool]:
    """The last lines, and whether all bars hold."""
    alpaca = max(done.greek["alpaca"] for done in runs)
    commit = [done.greek["commit"] for done in runs]
    median, minimum, longest = statistics.median(commit), min(commit), max(done.seconds for done in runs)
    lines = [
        f"seconds: maximum {longest:.0f}",
        f"alpaca: Greek maximum {alpaca:.2f} %",
        f"commit: Greek median {median:.2f} %, minimum {minimum:.2f} %",
    ]
    held = alpaca <= ALPACA_MAXIMUM and median >= COMMIT_MEDIAN and minimum >= COMMIT_MINIMUM and longest <= SECONDS
    return lines, held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    print(HEADER, flush=True)
    runs = []
    for seed in range(arguments.seeds):
        runs.append(run(seed))
        print(line(seed, runs[-1]), flush=True)
    lines, held = verdict(runs)
    print("\n".join(lines))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
