"""A machine with a GPU, and a Python without the extra that uses it."""

import pytest

import commit_llm.train.loop
from commit_llm.cli.main import main
from commit_llm.parallel.unused_gpu import unused_gpu

CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Fri Feb  7 19:33:00 UTC 2025\nGCC version:  12.2.0\n"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (dvs-builder@U16)\n"


@pytest.fixture
def machine(tmp_path):
    """Makes a machine with a driver that says this of itself; with the device alone where it says nothing."""

    def make(text):
        file = tmp_path / ("dev/nvidia0" if text is None else "proc/driver/nvidia/version")
        file.parent.mkdir(parents=True)
        file.write_text(text or "")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("text", "extra"),
    [
        (CLOSED.format("570.86.15"), "cuda12"),
        (CLOSED.format("580.65.06"), "cuda13"),
        (OPEN.format("535.183.01"), "cuda12"),
        (OPEN.format("580.82.07"), "cuda13"),
        ("what nobody knows", "cuda13"),
        (None, "cuda13"),
    ],
)
def test_the_extra_is_named(machine, text, extra):
    line = unused_gpu({}, machine(text))
    assert line.endswith(f"pip install 'commit-llm[{extra}]'")
    assert "\n" not in line


@pytest.mark.parametrize("environ", [{"JAX_PLATFORMS": "cpu"}, {"CUDA_VISIBLE_DEVICES": ""}])
def test_a_gpu_that_is_left_aside_on_purpose(machine, environ):
    assert unused_gpu(environ, machine(None)) is None


def test_no_gpu_or_the_extra_is_there(machine, tmp_path, monkeypatch):
    assert unused_gpu({}, tmp_path) is None
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "jax_cuda12_plugin")
    assert unused_gpu({}, machine(None)) is None


@pytest.mark.slow
def test_train_says_it(monkeypatch, example, tmp_path, capsys):
    monkeypatch.setattr(commit_llm.train.loop, "unused_gpu", lambda environ: "this runs on the CPU, and")
    made = ["--data", example / "instructions.jsonl", "--dictionary", example / "en-el.txt", "--out", tmp_path / "run"]
    numbers = ["--steps", 1, "--warmup-steps", 0, "--batch-size", 2, "--seq-len", 128]
    flags = ["--model", example / "model", "--from-scratch", *made, *numbers]
    assert main(["train", "commit", *map(str, flags)]) == 0
    assert "this runs on the CPU, and\n" in capsys.readouterr().err
