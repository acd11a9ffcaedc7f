"""One fault: a command is disturbed, looked at, and given again; its results must be those of an undisturbed run."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.disks import enlarge, small_disk
from tests.faults.commands import Commands, Ended
from tests.faults.moments import Moment
from tests.faults.stages import LOGS, Stage

KINDS = ("kill", "stop", "fill", "truncate", "flip", "remove", "link", "twice")
HIT = ("truncate", "flip", "remove", "link")  # what happens to a file
LEFT = re.compile(r"\..*\.(partial-\w{8}|unfinished|partial|partial\.json)|unfinished")
# What no checksum says anything of: a bit that changes in it may change a result unnoticed (docs/reliability.md).
UNCHECKED = re.compile(
    r"(results|config|generation_config|trial|tokenizer\w*)\.json|(predictions|contexts)\.jsonl|.*provenance\.json|"
    r"\..*\.partial(\.json)?|xquad\.el\.json|streaming_params"
)
# A text that a user names: a shorter or another one is a text as well, and gives other results rightly. (A part of a
# JSON document is none, so those are cut too.)
TEXTS = re.compile(r"(instructions|prompts)\.jsonl|en-el\.txt|(study|config)\.yaml")
# What kept work is of, and where each line or part of it has a checksum: the next start tells of one that has changed.
WHAT, KEPT_LINES, KEPT_PART = "what.json", ("done.jsonl", "answers.jsonl"), re.compile(r"\d{6,}")
STOPPED = {"SIGTERM": 143, "SIGINT": 130}
KILLED = (-9, -25)  # by SIGKILL; by SIGXFSZ, where a file would become longer than it may
MISTAKE = 2


class Outcome(NamedTuple):
    """Say what became of a fault.

    state: of the output after it: before, after, or as found (a fault that hit a file).
    way: which way led to the results: the same command, or what the line names.
    """

    stage: str
    kind: str
    what: str
    state: str
    way: str


class Undisturbed(NamedTuple):
    """Describe what a stage does without a fault: results, operations, bytes of its largest file and of all."""

    results: Any
    operations: int
    largest: int
    written: int


class Suite:
    """Do faults to stages.

    made: a folder for undisturbed outputs, each in a folder of its stage's name.
    """

    def __init__(self, commands: Commands, stages: dict[str, Stage], made: Path) -> None:
        self.commands, self.stages, self.made = commands, stages, made
        self.undisturbed = cache(self._undisturbed)

    def _undisturbed(self, name: str) -> Undisturbed:
        """Do a stage without a fault, and those before it."""
        stage, folder = self.stages[name], self.made / name
        if stage.after:
            self.undisturbed(stage.after)
        stage.prepare()
        folder.mkdir(parents=True)
        ended = self.commands.run(stage.asked(folder), folder / stage.moments)
        assert ended.status == 0, ended.errors
        assert ended.operations > 0
        sizes = tuple(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        return Undisturbed(stage.results(folder), ended.operations, max(sizes), sum(sizes))

    def disturb(self, name: str, kind: str, random: np.random.Generator, folder: Path) -> Outcome:
        """Do a fault of a kind to a stage, in an empty folder, and give the command again."""
        fault = Fault(self.commands, self.stages[name], self.undisturbed(name), folder, random)
        how: dict[str, Callable[[], tuple[str, str, str]]] = {
            "kill": fault.kill, "stop": fault.stop, "fill": fault.fill, "twice": fault.twice,
        }  # fmt: skip
        what, state, way = how[kind]() if kind in how else fault.hit(kind)
        return Outcome(name, kind, what, state, way)


class Fault:
    """Do one fault. Each method gives what was done, the state that it left, and the way that led on."""

    def __init__(
        self, commands: Commands, stage: Stage, whole: Undisturbed, folder: Path, random: np.random.Generator
    ) -> None:
        self.commands, self.stage, self.whole, self.folder, self.random = commands, stage, whole, folder, random

    def kill(self) -> tuple[str, str, str]:
        """Kill it before an operation, or within what it writes."""
        ended = self._struck_by(("kill", "cut")[self.random.integers(2)])
        assert ended.status in (0, *KILLED), ended.errors
        return self._go_on(ended)

    def stop(self) -> tuple[str, str, str]:
        """Ask it to end, as a scheduler or Ctrl-C does."""
        signal = list(STOPPED)[self.random.integers(2)]
        ended = self._struck_by(signal)
        assert ended.status in (0, STOPPED[signal]), ended
        assert "Traceback" not in ended.errors, ended.errors
        return self._go_on(ended)

    def fill(self) -> tuple[str, str, str]:
        """Let it write on a disk that is too small, or files no longer than so much."""
        kilobytes = int(self.random.integers(4, self.whole.written // 1024 + 8))
        if self.random.integers(2) and a_disk_can_be_mounted():
            self.folder.rmdir()
            with small_disk(self.folder, kilobytes):
                ended = self.commands.run(self.stage.asked(self.folder), self.folder)
                self._require_one_line(ended)
                on_disk = ended._replace(struck=f"a disk of {kilobytes} of {self.whole.written // 1024} kB")
                return self._go_on(on_disk, lambda: enlarge(self.folder, 64 << 10))
        ended = self._struck_by("limit")
        self._require_one_line(ended)
        return self._go_on(ended)

    def twice(self) -> tuple[str, str, str]:
        """Hold it at an operation, give the same command to its end, and let the first one go on."""
        moment = Moment(int(self.random.integers(1, self.whole.operations + 1)), "pause")
        first = self.commands.start(self.stage.asked(self.folder), self.folder / self.stage.moments, moment)
        self.commands.held(first)
        second = self.commands.run(self.stage.asked(self.folder), self.folder)
        self._require_one_line(second)
        self.commands.let_go(first)
        ended = self.commands.wait(first)
        self._require_one_line(ended)
        return self._go_on(ended._replace(struck=f"{ended.struck}: {ended.line or 'done'}; {second.line or 'done'}"))

    def hit(self, kind: str) -> tuple[str, str, str]:
        """Let a fault hit a file: one of its own, as a kill or its end left it, or one that it reads."""
        reads = [path for where, pattern in self.stage.reads for path in sorted(where.glob(pattern)) if path.is_file()]
        if kind == "flip":
            reads = [path for path in reads if not UNCHECKED.fullmatch(path.name)]
        if kind in ("flip", "truncate"):
            reads = [path for path in reads if not TEXTS.fullmatch(path.name)]
        if reads and self.random.integers(2):
            return self._hit_what_it_reads(kind, reads)
        at = int(self.random.integers(1, self.whole.operations + 1))
        self.commands.run(self.stage.asked(self.folder), self.folder / self.stage.moments, Moment(at, "kill"))
        files = {path for pattern in self.stage.own for path in self.folder.glob(pattern)}
        own = sorted(path for path in files if path.is_file() and path.name != ".lock")  # nobody reads what is in it
        if kind == "flip":
            own = [path for path in own if not UNCHECKED.fullmatch(path.name)]
        if not own:
            return self._hit_what_it_reads(kind, reads) if reads else self._go_on_after(f"kill at {at}, no file yet")
        path = own[self.random.integers(len(own))]
        outside = self.folder.with_name(f"{self.folder.name} outside")
        content = path.read_bytes()
        told = "" if kind == "link" else what_is_told(path, path.relative_to(self.folder), kind)
        what = f"{damage(path, kind, self.random, outside)} of {path.relative_to(self.folder)} after a kill at {at}"
        if path.name in KEPT_LINES and path.is_file() and not path.read_bytes().endswith(b"\n"):
            told = ""  # a kill leaves such an end too
        print(what)
        ended = self.commands.run(self.stage.asked(self.folder), self.folder)
        self._require_one_line(ended)
        assert not outside.exists() or outside.read_bytes() == content, "it was written through the link"
        if ended.status == MISTAKE and "exists already" not in ended.line:
            return what, "as found", self._way_out(ended, path, content)
        if "exists already" not in ended.line:
            assert told in ended.errors, f"nothing was told of {told}\n{ended.errors}"
        if path.relative_to(self.folder).as_posix() in LOGS:  # what was logged before is as the fault left it
            weights, lines = self.stage.results(self.folder)
            assert weights == self.whole.results[0]
            assert lines[-1] == self.whole.results[1][-1]
        elif "exists already" in ended.line:
            assert self.stage.is_done(self.folder)
        else:
            self._require_results(self.folder, ended.errors)
        return what, "as found", "the same command"

    def _hit_what_it_reads(self, kind: str, reads: list[Path]) -> tuple[str, str, str]:
        path = reads[self.random.integers(len(reads))]
        content, outside = path.read_bytes(), self.folder.with_name(f"{self.folder.name} outside")
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        what = f"{damage(path, kind, self.random, outside)} of {path.name}, which it reads"
        print(what)
        try:
            ended = self.commands.run(self.stage.asked(self.folder), self.folder)
            self._require_one_line(ended)
            if ended.status == 0:
                self._require_results(self.folder, ended.errors)
            else:
                assert not self.stage.is_done(self.folder), ended.errors
        finally:
            path.unlink(missing_ok=True)
            path.write_bytes(content)
        if ended.status == 0:
            return what, "after", "the same command"
        _, state, _ = self._go_on(ended)
        return f"{what}: {ended.line}", state, "the file put back"

    def _way_out(self, ended: Ended, path: Path, content: bytes) -> str:
        """Go the way that a message names."""
        if "take the link away" in ended.line:
            path.unlink()
            self._require_same(self.commands.run(self.stage.asked(self.folder), self.folder), self.folder)
            return "the link taken away"
        if self.stage.out_is_folder or "choose another --out" not in ended.line:
            assert re.search("move it away|take the folder away|move the file away", ended.line), ended.line
            shutil.rmtree(path.parent) if "take the folder away" in ended.line else path.unlink(missing_ok=True)
            self._require_same(self.commands.run(self.stage.asked(self.folder), self.folder), self.folder)
            return "moved away"
        other = self.folder / "another"
        other.mkdir()
        self._require_same(self.commands.run(self.stage.asked(other), other), other)
        return "another --out"

    def _struck_by(self, act: str) -> Ended:
        size = 0 if self.random.integers(3) == 0 else int(np.exp(self.random.uniform(0, np.log(self.whole.largest))))
        moment = Moment(int(self.random.integers(1, self.whole.operations + 1)), act, size)
        ended = self.commands.run(self.stage.asked(self.folder), self.folder / self.stage.moments, moment)
        print(moment, ended)
        size_too = f" {size} bytes" if act in ("limit", "cut") else ""
        return ended._replace(struck=f"{act}{size_too} at {moment.at} of {self.whole.operations}: {ended.struck}")

    def _go_on_after(self, what: str) -> tuple[str, str, str]:
        return self._go_on(Ended(0, "", "", what, 0))

    def _go_on(self, ended: Ended, mend: Callable[[], None] = lambda: None) -> tuple[str, str, str]:
        """Look at what was left, and give the command again: it is done, or it was."""
        state = "before"
        if self.stage.is_done(self.folder):
            state = "after"
            self._require_results(self.folder, f"half an output\n{ended.errors}")
        mend()
        again = self.commands.run(self.stage.asked(self.folder), self.folder)
        self._require_same(again, self.folder)
        return ended.struck, state, "the same command"

    def _require_same(self, again: Ended, folder: Path) -> None:
        assert again.status == 0 or "exists already" in again.line, again.errors
        assert "Traceback" not in again.errors, again.errors
        self._require_results(folder, again.errors)
        assert [path for path in folder.rglob("*") if LEFT.fullmatch(path.name)] == []

    def _require_results(self, folder: Path, errors: str) -> None:
        """Require an undisturbed run's results. errors: what the command wrote."""
        now = self.stage.results(folder)
        assert now == self.whole.results, "\n".join([*different_parts(now, self.whole.results), errors])

    def _require_one_line(self, ended: Ended) -> None:
        assert ended.status in (0, MISTAKE), ended
        assert "Traceback" not in ended.errors, ended.errors
        if ended.status == MISTAKE:
            assert re.match(r"commit-llm [\w-]+: .*", ended.line), ended.errors


def different_parts(now: Any, undisturbed: Any, place: str = "results") -> list[str]:
    """List the parts of results that are not as undisturbed, with both values.

    >>> different_parts(({"a": 1, "b": 2}, [3]), ({"a": 1, "b": 4}, [3]))
    ["results[0]['b']: 2, undisturbed 4"]
    """
    if isinstance(now, dict) and isinstance(undisturbed, dict):
        pairs = [(key, now.get(key), undisturbed.get(key)) for key in {**now, **undisturbed}]
    elif isinstance(now, tuple | list) and isinstance(undisturbed, tuple | list) and len(now) == len(undisturbed):
        pairs = [(key, *values) for key, values in enumerate(zip(now, undisturbed, strict=True))]
    else:
        return [] if now == undisturbed else [f"{place}: {now!r}, undisturbed {undisturbed!r}"]
    return [line for key, one, other in pairs for line in different_parts(one, other, f"{place}[{key!r}]")]


def what_is_told(path: Path, inside: Path, kind: str) -> str:
    """Give what the next start says of damage to kept work; empty where it need not, or cannot know.

    It knows the lines and parts that have a checksum, and the files of a checkpoint with a manifest. It need not tell
    of what it does not take up: a part without its line, a checkpoint before the newest. Lines that are missing are
    as before they were written.

    inside: the path in the stage's folder.
    """
    if path.name in KEPT_LINES:
        return path.name if kind == "flip" else ""
    if path.name == WHAT and kind == "remove" and not (path.parents[1] / "results.json").is_file():
        return "nothing says what" if any(path.with_name(name).is_file() for name in KEPT_LINES) else ""
    if KEPT_PART.fullmatch(path.name) and (done := path.with_name("done.jsonl")).is_file():
        return path.name if f'"number": {int(path.name)},' in done.read_text(encoding="utf-8") else ""
    if inside.parts[:2] == ("run", "checkpoints") and inside.parts[2].isdecimal():
        folder = path.parents[len(inside.parts) - 4]
        newest = max(int(other.name) for other in folder.parent.iterdir() if other.name.isdecimal())
        is_held = int(folder.name) == newest and (folder / "manifest.json").is_file()
        return f"the checkpoint of step {newest}" if is_held else ""
    return ""


def damage(path: Path, kind: str, random: np.random.Generator, outside: Path) -> str:
    """Do a fault to a file. outside: where its content goes, behind a link."""
    content = path.read_bytes()
    place = int(random.integers(max(1, len(content))))
    if kind == "truncate":
        path.write_bytes(content[:place])
    elif kind == "flip":
        flipped = bytes([content[place] ^ (1 << int(random.integers(8)))]) if content else b""
        path.write_bytes(content[:place] + flipped + content[place + 1 :])
    else:
        path.unlink()
    if kind == "link":
        outside.write_bytes(content)
        path.symlink_to(outside)
    return f"{kind} at byte {place} of {len(content)}" if kind in ("truncate", "flip") else kind


@cache
def a_disk_can_be_mounted() -> bool:
    """Say whether this machine lets us mount a small disk; elsewhere files are limited instead."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", folder]
        try:
            mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        except OSError:
            return False
        if mounted:
            subprocess.run(["umount", folder], check=True)
        return mounted
