"""The logs of a run, a line a step: read as far as they are written, cut back where a run goes on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.json_text import parse_json, read_json
from commit_llm.files.whole import whole_file
from commit_llm.runs.entries import LARGEST
from commit_llm.runs.run import CHECKPOINTS, HELD_OUT, METRICS, TIMING

Lines = Mapping[int, Mapping[str, Any]]  # by step, ascending


@dataclass(frozen=True)
class Logs:
    """Hold the lines of a run's logs, by step."""

    metrics: Lines
    timing: Lines
    held_out: Lines

    @property
    def step(self) -> int:
        """Give the last step that was logged; 0 where none was."""
        return max(self.metrics, default=0)


def read_logs(run: Path) -> Logs:
    """Read the logs of a run, which may be training."""
    return Logs(*(read_log(run / name) for name in (METRICS, TIMING, HELD_OUT)))


def read_metrics(run: Path) -> list[Mapping[str, Any]]:
    """Read the logged steps of a run, in ascending order."""
    return list(read_log(run / METRICS).values())


def read_log(path: Path) -> Lines:
    """Read one log, empty where there is no file. Of two lines of one step the later one counts."""
    lines = {step: line for step, _, line in _lines(path)}
    return dict(sorted(lines.items()))


def cut_back(path: Path, step: int) -> None:
    """Drop the lines that come after a step: they will be written again."""
    if path.is_file():
        earlier = [text for number, text, _ in _lines(path) if number <= step]
        with whole_file(path, overwrite=True) as temporary:
            temporary.write_text("".join(f"{text}\n" for text in earlier), encoding="utf-8")


def left_out(run: Path) -> int | None:
    """Read from the newest checkpoint how many examples the packing left out; None where no checkpoint says it."""
    files = [path for path in (run / CHECKPOINTS).glob("*/progress/metadata") if path.parts[-3].isdecimal()]
    for path in sorted(files, key=lambda path: int(path.parts[-3]), reverse=True):
        try:
            count = read_json(path)["data"]["left_out"]
        except (OSError, UserError, LookupError, TypeError):
            continue
        if isinstance(count, int):
            return count
    return None


def _lines(path: Path) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield (step, text, values) of each line; one that a kill cut short, or that has no step, is passed over."""
    try:
        content = path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return
    for number, text in enumerate(content.split("\n"), 1):
        try:
            line = parse_json(text, path, number)
        except UserError:
            continue
        step = line.get("step") if isinstance(line, dict) else None
        if isinstance(step, int) and 0 <= step < LARGEST:
            yield step, text, line
