"""Kill a command again and again at drawn moments and go on: what it leaves is the same, byte for byte."""

import json
import subprocess
import sys
import time

import pytest

KILLS = 4  # at most, in a round


def whole_run(argv):
    """Run a command in a process of its own to its end; the seconds it took."""
    started = time.monotonic()
    process = subprocess.run([sys.executable, "-m", "commit_llm", *map(str, argv)], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return time.monotonic() - started


def killed_run(argv, seconds):
    """Run a command and kill it after some time; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "commit_llm", *map(str, argv)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    assert process.returncode == 0
    return False


@pytest.fixture(scope="module")
def cases(world, training, tmp_path_factory):
    """Name -> (the command without --out, the files of its output that are compared)."""
    folder = tmp_path_factory.mktemp("soak")
    records = (world / "instructions.jsonl").read_text(encoding="utf-8")
    (folder / "many.jsonl").write_text(records * 50, encoding="utf-8")
    whole_run([*training, "--out", folder / "run"])
    mixing = ["mix", folder / "many.jsonl", "--dictionary", world / "en-el.txt", "--ratio", 0.5]
    asking = ["eval", folder / "run", "--tasks", "xquad_instruct_el", "--data-dir", world, "--limit", 40]
    more = [word if word != 6 else 40 for word in training]
    return {
        "train": (more, ["metrics.jsonl"]),
        "mix": (mixing, [""]),
        "eval": ([*asking, "--batch-size", 2], ["predictions.jsonl", "contexts.jsonl"]),
    }


@pytest.mark.parametrize("name", ["train", "mix", "eval"])
def test_kills_change_nothing(name, cases, rounds, tmp_path):
    argv, files = cases[name]
    suffix = ".jsonl" if name == "mix" else ""
    undisturbed = tmp_path / f"undisturbed{suffix}"
    seconds = whole_run([*argv, "--out", undisturbed])
    for number, random in rounds:
        out = tmp_path / f"{number}{suffix}"
        waits = random.uniform(0.3, 1.0, KILLS) * seconds
        command = [*argv, "--out", out]
        kills = 0
        while kills < KILLS and killed_run(command, waits[kills]):
            kills += 1
        print(json.dumps({"kills": kills, "waits": waits.tolist()}))
        if kills == KILLS:  # otherwise it came to its end between two of them
            whole_run(command)
        for file in files:
            assert (out / file).read_bytes() == (undisturbed / file).read_bytes(), (number, file)
