"""Watch a long run: do its memory, its open files or its time a step grow? Exit status 1 where one of them does.

    python benchmarks/soak.py train [--steps 20000]
    python benchmarks/soak.py mix [--gigabytes 2]

`train` trains a tiny model on the quickstart's instructions, with a checkpoint every 500 steps and a held-out loss
every 200. `mix` mixes a .jsonl file in which one word in twenty is new, so that whatever is kept of words would grow. A
slope is that of least squares over samples, half a second apart or more, of the command's process and those that it
started; the first tenth of the way is left out, while libraries load and programs compile. CPU seconds are held to a
bound and wall seconds are not, since other work on the machine moves these.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from commit_llm.quickstart.example import write_example

SECONDS_BETWEEN_SAMPLES = 0.5
WARM_UP = 0.1  # of the way
NEW_WORDS = 0.05  # of the words of a text that is mixed
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TINY = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}


class Sample(NamedTuple):
    """Hold what was seen at one moment, of all processes of the command.

    place: steps, or megabytes of mixed text.
    resident: bytes of memory.
    handles: open files, pipes and sockets.
    cpu: seconds so far.
    wall: seconds so far.
    """

    place: float
    resident: float
    handles: float
    cpu: float
    wall: float


class Bounds(NamedTuple):
    """Hold the largest slopes, each over a distance.

    distance: steps or megabytes.
    unit: what that is.
    megabytes: of memory.
    handles: open ones.
    slower: percent of the CPU time of a step, or of a megabyte.
    """

    distance: float
    unit: str
    megabytes: float
    handles: float
    slower: float


BOUNDS = {"train": Bounds(1000, "1,000 steps", 1.0, 0.1, 1.0), "mix": Bounds(100, "100 MB", 1.0, 0.1, 1.0)}


def train_command(folder: Path, steps: int) -> list[str]:
    """Write a tiny model, and give the words of a training from random weights."""
    config = folder / "model" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text(encoding="utf-8")) | TINY), encoding="utf-8")
    files = f"--model {folder}/model --data {folder}/instructions.jsonl --dictionary {folder}/en-el.txt"
    size = f"--from-scratch --steps {steps} --warmup-steps 100 --batch-size 2 --seq-len 96 --log-every 100"
    saves = f"--checkpoint-every 500 --held-out-share 0.02 --eval-every 200 --out {folder}/run"
    return f"train commit {files} {size} {saves}".split()


def mix_command(folder: Path, gigabytes: float) -> list[str]:
    """Write a large file, and give the words that mix it."""
    records = (folder / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    written, number = 0, 0
    with (folder / "large.jsonl").open("w", encoding="utf-8") as file:
        while written < gigabytes * 1e9:
            record = json.loads(records[number % len(records)])
            words = record["input"].split()
            for place in range(number % 20, len(words), round(1 / NEW_WORDS)):
                words[place] = new_word(number * 20 + place)
            written += file.write(json.dumps(record | {"input": " ".join(words * 8)}) + "\n")
            number += 1
    files = f"{folder}/large.jsonl --dictionary {folder}/en-el.txt --ratio 0.9"
    return f"mix {files} --out {folder}/mixed.jsonl".split()


def new_word(number: int) -> str:
    """Spell a number in letters: a word that no other number has."""
    letters = ""
    while number:
        number, letter = divmod(number, len(LETTERS))
        letters += LETTERS[letter]
    return f"zq{letters}"


def steps_of(folder: Path) -> float | None:
    """Give the last logged step of the run, None where there is none."""
    log = folder / "run" / "timing.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    return json.loads(lines[-1])["step"] if lines else None


def megabytes_of(folder: Path) -> float | None:
    """Give the megabytes that are mixed; None before the first part stands, and while the parts are joined."""
    parts = folder / ".mixed.jsonl.unfinished"
    names = [path for path in parts.glob("*") if path.name.isdigit()] if parts.is_dir() else []
    return sum(path.stat().st_size for path in names) / 1e6 if names and not (parts / "joined").exists() else None


def with_children(process: int) -> Iterator[int]:
    """Give a process and all that descend from it."""
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from with_children(int(child))


def sample(process: int, place: float, begun: float) -> Sample:
    """Look at a process and its descendants. Raises OSError where one of them ends meanwhile."""
    resident = handles = cpu = 0.0
    for number in with_children(process):
        files = Path(f"/proc/{number}")
        resident += int((files / "statm").read_text().split()[1]) * 4096
        handles += len(list((files / "fd").iterdir()))
        # utime, stime, and those of children that have ended, behind the name, which may hold spaces
        cpu += sum(map(int, (files / "stat").read_text().rpartition(")")[2].split()[11:15])) / 100
    return Sample(place, resident, handles, cpu, time.monotonic() - begun)


def watch(words: Sequence[str], place_of: Callable[[], float | None]) -> list[Sample]:
    """Run a command and give a sample for each place that it reached. Raises CalledProcessError where it fails."""
    samples: list[Sample] = []
    begun = time.monotonic()
    command = [sys.executable, "-m", "commit_llm", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            time.sleep(SECONDS_BETWEEN_SAMPLES)
            try:
                place = place_of()
                if place is not None and (not samples or place > samples[-1].place):
                    samples.append(sample(process.pid, place, begun))
            except OSError:  # the process, or a file of it, has gone
                continue
        assert process.stderr is not None
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command, stderr=process.stderr.read()[-2000:])
    return samples


def slope(places: np.ndarray, values: np.ndarray) -> float:
    """Give the slope of the line that has the least squares."""
    return float(np.polyfit(places, values, 1)[0])


def figures(samples: Sequence[Sample], bounds: Bounds) -> list[tuple[str, float, float | None]]:
    """Give each slope over the bounds' distance: its name, its value, and its bound where it has one."""
    table = np.array(samples)
    table = table[table[:, 0] >= WARM_UP * table[-1, 0]]
    places = table[:, 0]
    lines = [
        ("memory, MB", slope(places, table[:, 1]) / 1e6 * bounds.distance, bounds.megabytes),
        ("open handles", slope(places, table[:, 2]) * bounds.distance, bounds.handles),
    ]
    between = (places[1:] + places[:-1]) / 2
    for name, column, bound in (("CPU time, percent", 3, bounds.slower), ("wall time, percent", 4, None)):
        seconds = np.diff(table[:, column]) / np.diff(places)
        lines.append((name, slope(between, seconds) / seconds.mean() * 100 * bounds.distance, bound))
    return lines


def main() -> int:
    """Run what is asked for, and print its slopes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=BOUNDS)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--samples", type=Path, help="write the samples here, as JSON lines")
    options = parser.parse_args()
    bounds = BOUNDS[options.what]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_example(folder, seed=0)
        if options.what == "train":
            samples = watch(train_command(folder, options.steps), lambda: steps_of(folder))
        else:
            samples = watch(mix_command(folder, options.gigabytes), lambda: megabytes_of(folder))
    if options.samples:
        options.samples.write_text("".join(json.dumps(each._asdict()) + "\n" for each in samples), encoding="utf-8")
    last, peak = samples[-1], max(each.resident for each in samples)
    print(f"{options.what}: {len(samples)} samples, {last.place:,.0f} of the unit in {last.wall:.0f} s")
    print(f"memory {samples[0].resident / 1e6:,.0f} MB first, {last.resident / 1e6:,.0f} last, {peak / 1e6:,.0f} most")
    print(f"open handles {samples[0].handles:.0f} first, {last.handles:.0f} last")
    failed = False
    for name, value, bound in figures(samples, bounds):
        above = bound is not None and value > bound
        failed |= above
        limit = "no bound" if bound is None else f"bound {bound:g}{', ABOVE IT' if above else ''}"
        print(f"slope of {name}: {value:+.3f} per {bounds.unit} ({limit})")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
