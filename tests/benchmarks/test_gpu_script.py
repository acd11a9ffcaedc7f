"""`benchmarks/gpu.sh` with a Python that does nothing: what it starts, the time it takes, and how it tells what failed.

The programs themselves, which need torch, are run by `benchmarks/gpu.sh --tiny`.
"""

import ast
import importlib.util
import itertools
import json
import os
import re
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = ROOT / "benchmarks" / "gpu.sh"
FIGURES = {"mfu": None, "peak_gib": None, "device": "cpu", "peak": None, "versions": "nothing 1.0"}
H100 = FIGURES | {"mfu": 0.4567, "peak_gib": 61.25, "device": "NVIDIA H100 80GB HBM3", "peak": 989.4}
# Notes what it is called with, and gives the figures of contenders; the table is made by the real one.
STUB = """#!{python}
import json, os, sys
arguments = sys.argv[1:]
if arguments[0] == "benchmarks/gpu_table.py":
    os.execv({python!r}, [{python!r}, *arguments])
if arguments[0].startswith("-"):
    sys.exit({lacks} and "ModuleNotFoundError: No module named 'jaxtyping'" if arguments[0] == "-c" else 0)
with open({log!r}, "a") as log:
    print(json.dumps([os.environ["JAX_PLATFORMS"], *arguments]), file=log)
if "parity" in arguments[0]:
    print("| parity |")
    sys.exit()
contender = arguments[arguments.index("--alone") + 1]
if contender == "eager" and {fails}:
    print("torch.OutOfMemoryError: CUDA out of memory.\\nthe last line", file=sys.stderr)
    sys.exit(1)
if contender == "compiled" and {fails}:
    sys.exit(124)  # what timeout gives
size = arguments[arguments.index("--sizes") + 1]
speed = 300.0 if contender == "ours" else 200.0
figures = {{"model": size, "what": arguments[0], "contender": contender, "tokens_per_second": speed}}
print(json.dumps(figures | {figures}))
"""


@pytest.fixture
def run(tmp_path):
    """Make a function that runs the script with a stub of Python, and gives its outcome and the calls of the stub."""

    def run(*arguments, gpu=False, fails=False, lacks=False, **environment):
        log = tmp_path / "calls"
        log.write_text("")
        figures = H100 if gpu else FIGURES
        stub = STUB.format(python=sys.executable, log=str(log), fails=fails, lacks=lacks, figures=figures)
        programs = {"python": stub, "nvidia-smi": f"#!/bin/sh\n{'echo 81559' if gpu else 'exit 1'}\n"}
        for name, text in programs.items():
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        settings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": str(tmp_path / "python"), **environment}
        done = subprocess.run(
            [SCRIPT, *arguments], env=os.environ | settings, capture_output=True, text=True, cwd=tmp_path
        )
        return done, [json.loads(line) for line in log.read_text().splitlines()]

    return run


def flags_of(path):
    """Read the flags that a program adds to its parser, with those of apart.py where it takes them."""
    text = path.read_text(encoding="utf-8")
    texts = [text] + [(path.parent / "apart.py").read_text(encoding="utf-8")] * ("add_flags(" in text)
    calls = [node for source in texts for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return {ast.literal_eval(call.args[0]) for call in calls if getattr(call.func, "attr", "") == "add_argument"}


def benchmark(name):
    """Load a file of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_parses():
    subprocess.run(["bash", "-n", SCRIPT], check=True)


@pytest.mark.parametrize("gpu", [False, True])
def test_what_it_calls_exists(run, gpu):
    """Every file and flag that the script names, with and without a GPU, and both run the same programs."""
    done, calls = run(gpu=gpu)
    assert done.returncode == 0, done.stderr
    assert {call[0] for call in calls} == {"cuda" if gpu else "cpu"}
    assert ("no GPU here" in done.stdout) is not gpu
    sizes = benchmark("models").MODELS
    programs = []
    for _, program, *arguments in calls:
        known = flags_of(ROOT / program)
        assert {word for word in arguments if word.startswith("--")} <= known, (program, known)
        pairs = dict(itertools.pairwise(arguments))
        assert pairs.get("--sizes", "1B") in sizes
        assert pairs.get("--fit") in (None, "79.6" if gpu else "0.0025")
        programs.append((program, "--fit" in pairs, pairs.get("--alone")))
    contenders = ("ours", "eager", "compiled")
    kinds = [("benchmarks/train.py", False), ("benchmarks/train.py", True), ("benchmarks/generate.py", False)]
    expected = {(program, fits, contender) for program, fits in kinds for contender in contenders}
    assert len(programs) == 10
    assert set(programs) == expected | {("benchmarks/parity.py", False, None)}


def test_tiny_asks_for_no_gpu(run):
    done, calls = run("--tiny", gpu=True)
    assert done.returncode == 0
    assert {call[0] for call in calls} == {"cpu"}


def test_the_table(run, tmp_path):
    done, _ = run(gpu=True, OUT="out")
    table = (tmp_path / "out" / "gpu.md").read_text()
    assert done.stdout.endswith(table)
    assert table.splitlines()[:5] == [
        "| parity |",
        "",
        "NVIDIA H100 80GB HBM3 (peak 989.4 TFLOP/s in bf16); nothing 1.0.",
        "",
        "| model | what | contender | tokens/s | MFU | peak GiB | ours / theirs |",
    ]
    assert "| 1B | benchmarks/train.py | ours | 300 | 45.7 % | 61.2 |  |" in table
    assert "| 7B | benchmarks/train.py | compiled | 200 | 45.7 % | 61.2 | 1.50 |" in table
    assert len((tmp_path / "out" / "gpu.jsonl").read_text().splitlines()) == 9
    assert "==> " in (tmp_path / "out" / "gpu.log").read_text()


def test_no_peak_is_no_mfu(run):
    done, _ = run("--tiny")
    assert "cpu (peak unknown); nothing 1.0." in done.stdout
    assert "| tiny | benchmarks/generate.py | eager | 200 | unknown | unknown | 1.50 |" in done.stdout


def test_what_fails_is_told_and_the_others_go_on(run):
    done, calls = run(gpu=True, fails=True)
    assert done.returncode == 1
    assert len(calls) == 10
    failures = [line for line in done.stdout.splitlines() if line.startswith("- ")]
    assert failures[:2] == [
        "- train-1B-eager: failed (exit status 1): torch.OutOfMemoryError: CUDA out of memory.",
        "- train-1B-compiled: ran over 95 s",
    ]
    assert len(failures) == 6
    assert "the last line" not in done.stdout
    assert "| 7B | benchmarks/train.py | ours | 300 | 45.7 % | 61.2 |  |" in done.stdout


def test_a_missing_package_is_told(run):
    done, calls = run(lacks=True)
    assert (done.returncode, calls) == (2, [])
    assert "No module named 'jaxtyping'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_ten_minutes():
    """The last part has what is left, and as much as the others of its kind need."""
    text = SCRIPT.read_text(encoding="utf-8")
    with_gpu = text[text.index("JAX_PLATFORMS=cuda") : text.index("JAX_PLATFORMS=cpu")]
    *limits, last = map(int, re.findall(r"^ {4}part \S+ (\d+) b", with_gpu, re.M))
    budget = int(re.search(r"^budget=(\d+) ", text, re.M)[1])
    assert len(limits) == 9
    assert sum(limits) + 60 <= budget <= 590
    assert last >= 100
    assert "limit < budget - SECONDS" in text


def test_layers_that_fit():
    """Of LLaMA-7B: on a GPU of 24 GiB, an H100 and an H200; of the tiny model, half."""
    models = benchmark("models")
    fitting = [models.layers_that_fit(models.MODELS["7B"], gib, 16 * 512) for gib in (4, 24, 79.6, 140.4)]
    assert fitting == [0, 3, 17, 32]
    assert models.layers_that_fit(models.MODELS["tiny"], 0.0025, 2 * 64) == 1
