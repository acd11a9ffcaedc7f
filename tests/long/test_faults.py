"""One drawn fault of each kind for each command: the state before or the one after it, and then what would have been.

A fault hits what the command writes (a kill, a full disk), or a file that we wrote and it reads: of an unfinished
`mix`, a run's checkpoints and logs, an export's weights, an evaluation's answers. Those have checksums, but for a
run's logs; so has nothing else of a run or an export, such as its config.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tests.disks import enlarge, small_disk
from tests.long.test_drawn_faults import content_of

FAULTS = ("kill", "full disk", "truncate", "flip", "remove", "link")
LOGS = ("metrics.jsonl", "timing.jsonl", "held_out.jsonl")


class Command(NamedTuple):
    """Describe a command under test.

    words: what is asked, but for `--out OUT`.
    out: the name of its output in a folder.
    begun: whether it has done enough, by its folder, for a file of ours to be there that it reads when it goes on.
    reads: patterns of the files that a fault may hit, from the folder.
    results: what must be as in an undisturbed run, of its output.
    final: the file that says that all is done.
    """

    words: list
    out: str
    begun: Callable
    reads: tuple[str, ...]
    results: Callable
    final: str


def call(words, **more):
    return [sys.executable, "-m", "commit_llm", *map(str, words)]


def run(words):
    ended = subprocess.run(call(words), capture_output=True, text=True, timeout=300)
    return ended.returncode, ended.stderr


def lines_of(path):
    return path.read_bytes().count(b"\n") if path.is_file() else 0


@pytest.fixture(scope="module")
def commands(world, tmp_path_factory):
    """The commands, each with its undisturbed output in a folder, its results, seconds and kilobytes."""
    base = tmp_path_factory.mktemp("faults")
    texts = (world / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    (base / "in.jsonl").write_text("".join(f"{texts[row % len(texts)]}\n" for row in range(70_000)), encoding="utf-8")
    dictionary = ["--dictionary", world / "en-el.txt"]
    size = ["--steps", 60, "--warmup-steps", 2, "--batch-size", 2, "--seq-len", 128, "--log-every", 1]
    data = ["--model", world / "model", "--data", world / "instructions.jsonl", *dictionary]
    asked = ["--tasks", "xquad_instruct_el", "--data-dir", world, "--limit", 40, "--batch-size", 1]
    run_folder, model = base / "train" / "run", base / "export" / "model"

    def weights(folder):
        new = folder.with_name("for its weights")
        status, errors = run(["export", folder, "--out", new, "--overwrite"])
        assert status == 0, errors
        lines = (folder / "metrics.jsonl").read_bytes().splitlines()
        return (new / "model.safetensors").read_bytes(), lines

    def mixed(out):
        provenance = json.loads((out.parent / f"{out.name}.provenance.json").read_text(encoding="utf-8"))
        return out.read_bytes(), provenance["counts"], provenance["output"]["rows"]

    return {
        "mix": Command(
            ["mix", base / "in.jsonl", *dictionary], "out.jsonl",
            lambda folder: lines_of(folder / ".out.jsonl.unfinished" / "done.jsonl") >= 2,
            (".out.jsonl.unfinished/*",), mixed, "out.jsonl",
        ),
        "train": Command(
            ["train", "commit", *data, *size, "--checkpoint-every", 10, "--from-scratch"], "run",
            lambda folder: len(list(folder.glob("run/checkpoints/*/manifest.json"))) >= 2,
            ("run/checkpoints/**/*", *(f"run/{name}" for name in LOGS)), weights, "run/checkpoints/60/manifest.json",
        ),
        "export": Command(
            ["export", run_folder], "model", lambda folder: False, ("../train/run/checkpoints/**/*",), content_of,
            "model/config.json",
        ),
        "eval": Command(
            ["eval", model, *asked], "eval",
            lambda folder: lines_of(folder / "eval" / "unfinished" / "answers.jsonl") >= 5,
            ("eval/unfinished/*", "../export/model/*.safetensors"), content_of, "eval/results.json",
        ),
    }, base  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(commands):
    """The results of each command, the seconds it takes, and the bytes it writes."""
    known = {}
    for name, command in commands[0].items():
        folder = commands[1] / name
        folder.mkdir(exist_ok=True)
        began = time.monotonic()
        status, errors = run([*command.words, "--out", folder / command.out])
        assert status == 0, errors
        seconds = time.monotonic() - began
        written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        known[name] = command.results(folder / command.out), seconds, written
    return known


def killed(command, folder, when):
    """Begin a command and kill it as soon as `when` says so; whether it had not ended by itself."""
    process = subprocess.Popen(
        call([*command.words, "--out", folder / command.out]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not when():
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def damage(path, fault, random, outside):
    """Do one fault to a file; what was done."""
    content = path.read_bytes()
    place = int(random.integers(max(1, len(content))))
    if fault == "truncate":
        path.write_bytes(content[:place])
    elif fault == "flip":
        bit = 1 << int(random.integers(8))
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :] if content else b"")
    else:
        path.unlink()
    if fault == "link":
        outside.write_bytes(content)
        path.symlink_to(outside)
    return f"{fault} at byte {place} of {len(content)}"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["mix", "train", "export", "eval"])
def test_a_fault_leaves_the_state_before_or_the_one_after(commands, undisturbed, seed, tmp_path, name, fault):
    command, (expected, seconds, written) = commands[0][name], undisturbed[name]
    random = np.random.default_rng((seed, sorted(commands[0]).index(name), FAULTS.index(fault)))
    print(f"--long-seed {seed}: {name}, {fault}")
    folder = tmp_path / name
    words = [*command.words, "--out", folder / command.out]
    if fault == "full disk":
        kilobytes = int(random.integers(8, 2 + written // 1024))
        print(f"a disk of {kilobytes} kB; {written // 1024} are needed")
        with small_disk(folder, kilobytes) as disk:
            status, errors = run(words)
            require_one_line_or_done(status, errors, name)
            require_whole_or_absent(command, folder, expected)
            enlarge(disk, 64 << 10)
            go_on_to(words, command, folder, expected)
    elif fault == "kill":
        folder.mkdir()
        end = time.monotonic() + random.uniform(0.2, 0.9) * seconds
        print("killed" if killed(command, folder, lambda: time.monotonic() > end) else "ended before")
        require_whole_or_absent(command, folder, expected)
        go_on_to(words, command, folder, expected)
        left = [path.name for path in folder.rglob("*") if ".partial-" in path.name or ".unfinished" in path.name]
        assert not left
    else:
        hit_a_file(command, words, folder, commands[1], fault, random, tmp_path / "outside", expected)


def hit_a_file(command, words, folder, base, fault, random, outside, expected):
    """Let a fault hit a drawn file that the command reads, and give it the command again."""
    folder.mkdir()
    killed(command, folder, lambda: command.begun(folder)) if command.out != "model" else None
    there = {path for pattern in command.reads for path in glob(folder, base, pattern)}
    files = sorted(path for path in there if path.is_file() and path.name != ".lock")  # nobody reads what is in it
    path = files[random.integers(len(files))]
    before, original = state(folder), path.read_bytes()
    print(path.name, damage(path, fault, random, outside))
    try:
        hit = state(folder)
        status, errors = run(words)
        print(errors)
        require_one_line_or_done(status, errors, words[0])
        if outside.exists():
            assert outside.read_bytes() == original
        if status == 2:
            assert state(folder) == hit
            assert before.keys() - hit.keys() <= {path}
        elif path.name in LOGS:  # what was logged before is as the fault left it
            now, whole = command.results(folder / command.out), expected
            assert now[0] == whole[0]
            assert now[1][-10:] == whole[1][-10:]
        else:
            assert command.results(folder / command.out) == expected
    finally:
        if base in path.parents:  # for the next test
            path.unlink(missing_ok=True)
            path.write_bytes(original)


def glob(folder, base, pattern):
    """Give the files of a pattern: in the folder of the command, or in another's undisturbed one."""
    return base.glob(pattern.removeprefix("../")) if pattern.startswith("../") else folder.glob(pattern)


def state(folder):
    return {path: digest for path, digest in content_of(folder).items() if Path(path).name != ".lock"}


def require_one_line_or_done(status, errors, name):
    assert status in (0, 2), errors
    assert "Traceback" not in errors, errors
    if status == 2:
        assert errors.splitlines()[-1].startswith(f"commit-llm {name}: "), errors


def require_whole_or_absent(command, folder, expected):
    if (folder / command.final).exists():
        assert command.results(folder / command.out) == expected


def go_on_to(words, command, folder, expected):
    """Give the command again: it is done, or it was."""
    status, errors = run(words)
    assert status == 0 or "exists already" in errors, errors
    assert command.results(folder / command.out) == expected
