"""`commit-llm --version`: two lines, whatever is installed."""

import importlib.metadata
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from commit_llm import __version__
from commit_llm.cli.text import version


def devices(*kinds):
    return lambda: [SimpleNamespace(device_kind=kind, platform=platform) for kind, platform in kinds]


@pytest.mark.parametrize(
    ("kinds", "line"),
    [
        ([("cpu", "cpu")], "1 device: cpu"),
        ([("cpu", "cpu")] * 8, "8 devices: cpu"),
        ([("NVIDIA H200", "gpu")], "1 device: NVIDIA H200 (gpu)"),
        ([("NVIDIA A", "gpu")] * 2 + [("NVIDIA B", "gpu")], "3 devices: 2 x NVIDIA A (gpu), 1 x NVIDIA B (gpu)"),
    ],
)
def test_the_devices_are_named(monkeypatch, kinds, line):
    import jax

    monkeypatch.setattr(jax, "devices", devices(*kinds))
    monkeypatch.setattr(version, "unused_gpu", lambda environ: None)
    assert version.version_text() == f"commit-llm {__version__}\njax {jax.__version__}, {line}"


def test_a_gpu_that_is_not_used_is_named(monkeypatch):
    monkeypatch.setattr(version, "unused_gpu", lambda environ: "pip install it")
    assert version.version_text().splitlines()[2:] == ["pip install it"]


def test_without_jax_or_devices_there_is_no_traceback(monkeypatch):
    import jax

    def broken():
        raise RuntimeError("Unable to initialize backend 'cuda'\nsecond line")

    monkeypatch.setattr(version, "unused_gpu", lambda environ: None)
    monkeypatch.setattr(jax, "devices", broken)
    assert version.version_text().endswith(f"jax {jax.__version__}, no device: Unable to initialize backend 'cuda'")

    def absent(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert version.version_text().splitlines()[1].startswith("jax is not installed")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platforms", "line"), [("cpu", r"jax [\d.]+, 1 device: cpu"), ("nonsense", r"jax [\d.]+, no device: .*nonsense.*")]
)
def test_the_command(platforms, line):
    environment = {**os.environ, "JAX_PLATFORMS": platforms, "XLA_FLAGS": ""}
    process = subprocess.run(
        [sys.executable, "-m", "commit_llm", "--version"], capture_output=True, text=True, check=True, env=environment
    )
    first, second = process.stdout.splitlines()
    assert first == f"commit-llm {__version__}"
    assert re.fullmatch(line, second)
    assert process.stderr == ""
