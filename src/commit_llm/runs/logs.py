"""The logs of a run, a line a step: read as far as they are written, cut back where a run goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.data.examples import NoExampleReason
from commit_llm.errors import UserError
from commit_llm.files.checked_lines import Damaged
from commit_llm.files.json_text import parse_json, read_json
from commit_llm.files.own import refuse_link
from commit_llm.files.whole import whole_file
from commit_llm.runs.entries import LARGEST
from commit_llm.runs.run import CHECKPOINTS, HELD_OUT, METRICS, TIMING

Lines = Mapping[int, Mapping[str, Any]]  # by step, ascending
FIGURES = {
    METRICS: ("loss", "accuracy", "learning_rate", "grad_norm", "tokens"),
    TIMING: ("seconds", "tokens_per_second"),
    HELD_OUT: ("loss", "accuracy"),
}  # of each log: what every line of it has, besides the step


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
    """Read one log, empty where there is no file. Of two lines of one step the later one counts.

    A damaged line is passed over and told.
    """
    lines = {step: line for step, _, line in _lines(path, "the log is read without it")}
    return dict(sorted(lines.items()))


def cut_back(path: Path, step: int) -> None:
    """Drop the lines that come after a step: they will be written again. Damaged ones are dropped too, and told.

    Raises UserError where the log is a link.
    """
    refuse_link(path)
    if path.is_file():
        earlier = {number: text for number, text, _ in _lines(path, "it is dropped") if number <= step}
        with whole_file(path, overwrite=True) as temporary:
            temporary.write_text("".join(f"{text}\n" for _, text in sorted(earlier.items())), encoding="utf-8")


def left_out(run: Path) -> dict[str, int] | None:
    """Read from the newest checkpoint how many examples training left out, by the reason; None where none says it."""
    files = [path for path in (run / CHECKPOINTS).glob("*/progress/metadata") if path.parts[-3].isdecimal()]
    for path in sorted(files, key=lambda path: int(path.parts[-3]), reverse=True):
        try:
            data = read_json(path)["data"]
            counts = {"longer than a row": data["left_out"]}
            no_example = data.get("no_example", {})  # absent in checkpoints of older versions
            counts |= {
                reason.records: no_example[reason.name] for reason in NoExampleReason if reason.name in no_example
            }
        except (OSError, UserError, LookupError, TypeError, AttributeError):
            continue
        if all(isinstance(count, int) for count in counts.values()):
            return counts
    return None


def _lines(path: Path, so: str) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield (step, text, values) of each line. The last one may be cut off by a kill; damaged ones are told once.

    so: what becomes of them, for the message.
    """
    try:
        *whole, _ = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    damaged = Damaged(path)
    for number, encoded in enumerate(whole, 1):
        try:
            text = encoded.decode("utf-8")
            line = parse_json(text, path, number)
        except (UserError, UnicodeDecodeError):
            damaged.note(number)
            continue
        if _is_whole(line, FIGURES[path.name]):
            yield line["step"], text, line
        else:
            damaged.note(number)
    damaged.tell(so)


def _is_whole(line: Any, figures: Sequence[str]) -> bool:
    """Say whether a line has a step and these figures, all of them numbers."""
    return (
        isinstance(line, dict)
        and type(line.get("step")) is int
        and 0 <= line["step"] < LARGEST
        and all(type(line.get(name)) in (int, float) for name in figures)
    )
