"""`benchmarks/gpu.sh` with a Python that does nothing: what it starts, the time it takes, and how it tells what failed.

The programs themselves, which need torch, are run by `benchmarks/gpu.sh --tiny`.
"""

import ast
import gzip
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
    missing = [name for name in {lacks} if arguments[0] == "-c" and name in arguments[1]]
    sys.exit(f"ModuleNotFoundError: No module named '{{missing[0]}}'" if missing else 0)
with open({log!r}, "a") as log:
    print(json.dumps([os.environ["JAX_PLATFORMS"], *arguments]), file=log)
if "planned" in arguments[0]:
    if "tyro" in {lacks}:
        sys.exit("ModuleNotFoundError: No module named 'tyro'")
    with open(os.path.join(arguments[1], "planned.json"), "w") as file:
        json.dump({{"8B-lean": 62.0}}, file)
    sys.exit()
if "parity" in arguments[0]:
    print("| parity |")
    sys.exit()
contender = arguments[arguments.index("--alone") + 1]
if "--lora-r" in arguments and {fails}:
    print("RESOURCE_EXHAUSTED: Out of memory", file=sys.stderr)
    sys.exit(1)
if contender == "eager" and {fails}:
    print("torch.OutOfMemoryError: CUDA out of memory.\\nthe last line", file=sys.stderr)
    sys.exit(1)
if contender == "compiled" and {fails}:
    sys.exit(124)  # what timeout gives
size = arguments[arguments.index("--sizes") + 1]
speed = 300.0 if contender == "ours" else 200.0
figures = {{"model": size, "what": arguments[0], "contender": contender, "tokens_per_second": speed}}
if "--profile" in arguments:
    profile = arguments[arguments.index("--profile") + 1]
    os.mkdir(profile)
    longest = [["dot", 2.5, 0.75]] if "adamw-lean" in arguments else []
    figures |= {{"recipe": {{}}, "compiler_gib": 61.5, "longest": longest}}
print(json.dumps(figures | {figures}))
"""


@pytest.fixture
def run(tmp_path):
    """Make a function that runs the script with a stub of Python, and gives its outcome and the calls of the stub."""

    def run(*arguments, gpu=False, fails=False, lacks=(), **environment):
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


@pytest.mark.parametrize("gpu", [False, True])
def test_what_8b_calls_exists(run, gpu):
    done, calls = run("--8b", gpu=gpu, lacks=("torch", "transformers"))
    assert done.returncode == 0, done.stderr
    assert {call[0] for call in calls} == {"cuda" if gpu else "cpu"}
    *trainings, (_, program, folder) = calls
    assert (program, folder.startswith("/")) == ("benchmarks/planned.py", True)
    known = flags_of(ROOT / "benchmarks" / "train.py")
    ways = []
    for _, program, *arguments in trainings:
        assert program == "benchmarks/train.py"
        assert {word for word in arguments if word.startswith("--")} <= known
        pairs = dict(itertools.pairwise(arguments))
        assert (pairs["--alone"], pairs["--sizes"]) == ("ours", "8B" if gpu else "tiny")
        assert pairs.get("--fit") == ("79.6" if gpu else None)
        ways.append((pairs.get("--lora-r"), pairs.get("--optimizer")))
    assert ways == [("16", None), (None, "adamw-split"), (None, "adamw-lean")]


def test_the_table_of_8b(run, tmp_path):
    """Beside the figures what the compiler and `plan` say, where it could be asked; and profiles are kept."""
    done, _ = run("--8b", gpu=True, OUT="out")
    table = (tmp_path / "out" / "gpu.md").read_text()
    assert done.stdout.endswith(table)
    lines = table.splitlines()
    assert lines[:3] == [
        "NVIDIA H100 80GB HBM3 (peak 989.4 TFLOP/s in bf16); nothing 1.0.",
        "",
        "| model | what | tokens/s | MFU | peak GiB | by the compiler | by `plan` |",
    ]
    assert lines.count("| 8B | benchmarks/train.py | 300 | 45.7 % | 61.2 | 61.50 | unknown |") == 2
    assert "| 8B | benchmarks/train.py | 300 | 45.7 % | 61.2 | 61.50 | 62.00 |" in lines
    assert lines[-1] == "A step of 8B (benchmarks/train.py) spends longest in: dot 2.50 ms (75%)."
    assert len([line for line in lines if "spends longest" in line]) == 1
    kept = sorted(path.name for path in (tmp_path / "out").glob("profile-*"))
    assert kept == ["profile-8B-lean", "profile-8B-lora", "profile-8B-split"]


def test_what_8b_lacks_or_fails_is_told(run):
    done, _ = run("--8b", gpu=True, fails=True, lacks=("tyro",))
    assert done.returncode == 1
    assert "plan's arithmetic is unknown here: ModuleNotFoundError: No module named 'tyro'" in done.stdout
    assert "- 8B-lora: failed (exit status 1): RESOURCE_EXHAUSTED: Out of memory" in done.stdout
    assert done.stdout.count("| 61.50 | unknown |") == 2
    done, calls = run("--8b", lacks=("optax",))
    assert (done.returncode, calls) == (2, [])


def test_the_longest_operations_of_a_profile(tmp_path):
    """Summed over their numbers; loops, whose time is that of what is in them, and the host's work are left out."""
    events = [("dot.1", 3000), ("dot.27", 1000), ("fusion", 1000), ("while.3", 9000), ("cond.4", 9000), (None, 9000)]
    trace = [{"ph": "X", "dur": dur, "args": {"hlo_op": name} if name else {}} for name, dur in events]
    folder = tmp_path / "plugins" / "profile"
    folder.mkdir(parents=True)
    with gzip.open(folder / "host.trace.json.gz", "wt") as file:
        json.dump({"traceEvents": [{"ph": "M", "name": "process_name"}, *trace]}, file)
    longest = benchmark("step_profile").longest_operations
    assert longest(tmp_path) == [("dot", 4.0, 0.8), ("fusion", 1.0, 0.2)]
    assert longest(tmp_path, 1) == [("dot", 4.0, 0.8)]
    assert longest(tmp_path / "nothing") == []


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
    done, calls = run(lacks=("jaxtyping",))
    assert (done.returncode, calls) == (2, [])
    assert "No module named 'jaxtyping'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_ten_minutes():
    """The last part has what is left, and as much as the others of its kind need."""
    text = SCRIPT.read_text(encoding="utf-8")
    eight = list(map(int, re.findall(r"^ {4}ours \S+ (\d+) ", text, re.M)))
    assert (len(eight), sum(eight) + 60 <= 590) == (3, True)
    with_gpu = text.split('elif [ "$tiny" = no ]; then')[1].split("\nelse\n")[0]
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


def test_layers_that_fit_by_what_is_trained():
    """Of Llama-3.1-8B: on a GPU of 24 GiB the whole by LoRA, on an H100 by adamw-lean too."""
    models = benchmark("models")
    of_8b = {
        gib: [models.our_layers_that_fit(models.MODELS["8B"], gib, way) for way in models.BYTES_OF_OURS]
        for gib in (15, 24, 79.6, 140.4)
    }
    assert of_8b == {15: [0, 0, 1, 18], 24: [0, 2, 6, 32], 79.6: [15, 22, 32, 32], 140.4: [32, 32, 32, 32]}
