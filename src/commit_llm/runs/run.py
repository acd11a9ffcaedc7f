"""What a run directory tells in plain files, read without taking part: a run that is training may be looked at."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError

CONFIG, PROVENANCE = "config.yaml", "provenance.json"
METRICS, TIMING, HELD_OUT = "metrics.jsonl", "timing.jsonl", "held_out.jsonl"
CHAIN = "run"  # where `commit-llm run` puts its run

# What else a folder may be that somebody takes for a run.
OTHERS = {
    "results.json": "an evaluation directory",
    "comparison.json": "a comparison",
    "model.safetensors": "a model folder",
    "model.safetensors.index.json": "a model folder",
    "tokenizer_config.json": "a model folder",
}


@dataclass(frozen=True)
class Curve:
    """A figure by step, in ascending steps: numbers only. left_out: of so many lines it was no finite number."""

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True)
class Logs:
    """The lines of a run's logs, by step: what each figure was."""

    metrics: Mapping[int, Mapping[str, Any]]
    timing: Mapping[int, Mapping[str, Any]]
    held_out: Mapping[int, Mapping[str, Any]]

    @property
    def step(self) -> int:
        """The last step that was logged; 0 where none was."""
        return max(self.metrics, default=0)


def find_run(folder: Path) -> Path:
    """The run directory that a folder is, or that is within it where it is the output of `commit-llm run`.

    Raises UserError where it is none, saying what it is.
    """
    inner = folder / CHAIN
    run = inner if not (folder / CONFIG).is_file() and (inner / CONFIG).is_file() else folder
    if (run / CONFIG).is_file() and (run / PROVENANCE).is_file():
        return run
    if not run.exists():
        raise UserError(f"{run}: no such run directory")
    if not run.is_dir():
        raise UserError(f"{run}: is a file; a run is the folder that `commit-llm train --out` made")
    kind = next((kind for name, kind in OTHERS.items() if (run / name).is_file()), None)
    missing = " and ".join(name for name in (CONFIG, PROVENANCE) if not (run / name).is_file())
    raise UserError(f"{run}: not a run directory ({f'it is {kind}' if kind else f'no {missing} in it'})")


def name_of(run: Path) -> str:
    """That of its folder; since all that `commit-llm run` makes are called "run", that of the folder around it."""
    full = run.resolve()
    return full.parent.name if full.name == CHAIN and full.parent.name else full.name


def read_logs(run: Path) -> Logs:
    """The logs as far as they are written; a line that a kill cut short, or that is no record of a step, is no line."""
    return Logs(*(_lines(run / name) for name in (METRICS, TIMING, HELD_OUT)))


def curve(lines: Mapping[int, Mapping[str, Any]], name: str) -> Curve:
    """A figure of the lines that have it."""
    found = {step: _number(line[name]) for step, line in lines.items() if name in line}
    kept = {step: value for step, value in found.items() if value is not None}
    return Curve(list(kept), list(kept.values()), len(found) - len(kept))


def read_provenance(run: Path) -> dict[str, Any]:
    """What provenance.json holds."""
    path = run / PROVENANCE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: malformed JSON ({error})") from None
    if not isinstance(told, dict):
        raise UserError(f"{path}: holds no JSON object")
    return told


def left_out(run: Path) -> int | None:
    """How many examples the packing left out, as the newest checkpoint tells; None where none does."""
    steps = [path for path in (run / "checkpoints").glob("*/progress/metadata") if path.parts[-3].isdecimal()]
    for path in sorted(steps, key=lambda path: int(path.parts[-3]), reverse=True):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))["data"]["left_out"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            continue
        if isinstance(found, int):
            return found
    return None


def _lines(path: Path) -> dict[int, Mapping[str, Any]]:
    """A line of a step that comes again is the one that counts."""
    found: dict[int, Mapping[str, Any]] = {}
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return found
    for line in text.split("\n"):
        try:
            told = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(told, dict) and isinstance(told.get("step"), int):
            found[told["step"]] = told
    return dict(sorted(found.items()))


def _number(value: Any) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
