"""Run `commit-llm quickstart` over several seeds. Exit status 1 where a figure misses its bar.

    python benchmarks/quickstart.py [--seeds 5]

Another seed is another world of people, other weights and another order. The figures are exact match in percent, and
wall and CPU seconds of the whole command, with the start of Python.
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


class Result(NamedTuple):
    """Hold exact match (0-100) of each arm, by the language of the question, and wall and CPU seconds."""

    greek: dict[str, float]
    english: dict[str, float]
    seconds: float
    cpu: float


def run(seed: int) -> Result:
    """Run the command in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "quickstart"
        began, cpu = time.perf_counter(), children()
        command = [sys.executable, "-m", "commit_llm", "quickstart", "--out", str(out), "--seed", str(seed)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds, cpu = time.perf_counter() - began, children() - cpu
        arms = json.loads((out / "quickstart.json").read_text(encoding="utf-8"))["arms"]
    greek, english = ({arm: arms[arm][language]["exact_match"] for arm in ARMS} for language in ("el", "en"))
    return Result(greek, english, seconds, cpu)


def children() -> float:
    """Sum the CPU seconds of the finished child processes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def line(seed: int, result: Result) -> str:
    """Write one line of the table."""
    cells = [" ".join(f"{scores[arm]:6.2f}" for arm in ARMS) for scores in (result.greek, result.english)]
    return f"{seed:4} | {cells[0]} | {cells[1]} | {result.seconds:.0f} {result.cpu:.0f}"


def verdict(results: list[Result]) -> tuple[list[str], bool]:
    """Write the last lines, and tell whether all figures reach their bars."""
    alpaca = max(result.greek["alpaca"] for result in results)
    commit = [result.greek["commit"] for result in results]
    median, minimum, longest = statistics.median(commit), min(commit), max(result.seconds for result in results)
    lines = [
        f"seconds: maximum {longest:.0f}",
        f"alpaca: Greek maximum {alpaca:.2f} %",
        f"commit: Greek median {median:.2f} %, minimum {minimum:.2f} %",
    ]
    scores_pass = alpaca <= ALPACA_MAXIMUM and median >= COMMIT_MEDIAN and minimum >= COMMIT_MINIMUM
    return lines, scores_pass and longest <= SECONDS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    print(HEADER, flush=True)
    results = []
    for seed in range(arguments.seeds):
        results.append(run(seed))
        print(line(seed, results[-1]), flush=True)
    lines, passed = verdict(results)
    print("\n".join(lines))
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
