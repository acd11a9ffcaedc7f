"""Plans: what becomes of a compiler's answer, of its crash and of mistakes."""

import dataclasses
import importlib.util
import json
import subprocess
from types import SimpleNamespace

import pytest

from commit_llm.errors import UserError
from commit_llm.parallel.device_memory import SHARES
from commit_llm.train.plan import planning as plan_module
from commit_llm.train.plan.compilation import CompiledStep
from commit_llm.train.plan.estimate import GIB
from commit_llm.train.plan.planning import make_plan
from tests.train.plan.recipes_of_7b import COMMIT_2024, LLAMA_7B, SPREAD


def test_libtpu_is_asked_for(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[tpu\]'"):
        make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")


def answered(monkeypatch, status=0, stdout="", stderr=""):
    done = SimpleNamespace(returncode=status, stdout=stdout, stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)


def an_answer(**fields):
    mesh = {"data": 1, "fsdp": 1, "tensor": 8}
    known = CompiledStep(
        "tpu", "TPU v3", 8, mesh, "reference", "bfloat16", "", "bfloat16", "nothing", "", 0, 3 * GIB, 5 * GIB
    )
    return json.dumps(dataclasses.asdict(dataclasses.replace(known, **fields)))


@pytest.fixture
def libtpu(monkeypatch):
    """As if libtpu were there; what the compiler says is written in the test."""
    monkeypatch.setattr(plan_module, "require_libtpu", lambda: None)


@pytest.mark.usefixtures("libtpu")
def test_a_step_that_fits(monkeypatch):
    answered(monkeypatch, stdout=f"noise of a compiler\n{an_answer(needed=14 * GIB, seconds=100.0)}\n")
    told = []
    plan = make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2", report=told.append)
    assert told == ["compiling for v3:2x2, this takes two to four minutes for 7 B parameters"]
    assert (plan.fits, plan.by, plan.needed, plan.there, plan.changes) == (
        True,
        "compiler",
        14,
        pytest.approx(15.48),
        [],
    )
    assert plan.parameters + plan.optimizer + plan.gradients + plan.rest == pytest.approx(14)
    assert plan.tokens_a_step == 8192
    assert plan.hours == pytest.approx(1210 * 8192 * 40.045e9 / (0.4 * 8 * 61.5e12) / 3600, rel=1e-4)


@pytest.mark.usefixtures("libtpu")
def test_a_step_that_the_compiler_refuses(monkeypatch):
    answered(monkeypatch, stdout=an_answer(needed=20 * GIB, exhausted="RESOURCE_EXHAUSTED: Used 20.0G of 16.0G hbm"))
    plan = make_plan(dataclasses.replace(COMMIT_2024, batch_size=128), LLAMA_7B, "v3:2x2")
    assert (plan.fits, plan.needed) == (False, 20)
    flags = [change.flags for change in plan.changes]
    assert flags[0] == "--mesh auto"
    assert flags[1:5] == [
        "--lora-r 16",
        "--batch-size 128 --gradient-accumulation 128",
        "--batch-size 16 --gradient-accumulation 1",
        "--seq-len 256",
    ]
    assert flags[-1] == "--topology v3:4x4 --mesh auto"
    assert plan.changes[-1].fits


@pytest.mark.usefixtures("libtpu")
@pytest.mark.parametrize(("hosts", "idle", "a_host"), [(1, 0, 8), (2, 0, 4), (1, 4, 12)])
def test_the_advice_is_for_the_devices_and_hosts_that_were_compiled_for(monkeypatch, hosts, idle, a_host):
    refused = "RESOURCE_EXHAUSTED: Used 20.0G of 16.0G hbm"
    answered(monkeypatch, stdout=an_answer(needed=20 * GIB, exhausted=refused, hosts=hosts, idle=idle))
    asked = []
    monkeypatch.setattr(plan_module, "changes", lambda *arguments: asked.append(arguments) or [])
    make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")
    ((_, conditions, devices, machine, available),) = asked
    assert (conditions.platform, conditions.devices_a_host, devices) == ("tpu", a_host, 8 + idle)
    assert (machine.name, available) == ("v3:2x2", pytest.approx(15.48))


@pytest.mark.usefixtures("libtpu")
def test_a_refusal_without_a_figure(monkeypatch):
    """Arithmetic says that it fits; the compiler knows better."""
    answered(monkeypatch, stdout=an_answer(exhausted="RESOURCE_EXHAUSTED: something else"))
    plan = make_plan(SPREAD, LLAMA_7B, "v3:2x2")
    assert (plan.fits, plan.by, plan.needed < plan.there) == (False, "arithmetic", True)


@pytest.mark.usefixtures("libtpu")
@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("noise\nF0000 00:00 1234 file.cc:5] Check failed: a == b\n*** stack ***\n@ 0x7f", "Check failed: a == b"),
        ("", "it said nothing"),
    ],
)
def test_a_crash_of_the_compiler_is_one_line(monkeypatch, stderr, said):
    answered(monkeypatch, status=-6, stderr=stderr)
    with pytest.raises(UserError, match=said) as error:
        make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")
    assert "stack" not in str(error.value)
    answered(monkeypatch, stdout=json.dumps({"mistake": "one line"}))
    with pytest.raises(UserError, match=r"^one line$"):
        make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")


@pytest.mark.usefixtures("libtpu")
def test_a_fault_of_ours_is_no_mistake(monkeypatch):
    answered(monkeypatch, status=1, stderr="Traceback ...")
    with pytest.raises(RuntimeError, match="Traceback"):
        make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")


def test_mistakes():
    with pytest.raises(UserError, match="--mfu 0"):
        make_plan(COMMIT_2024, LLAMA_7B, "h100:8", mfu=0)
    with pytest.raises(UserError, match="--seq-len 4096: the model allows 2048"):
        make_plan(dataclasses.replace(COMMIT_2024, seq_len=4096), LLAMA_7B, "h100:8")
    with pytest.raises(UserError, match="warmup"):
        make_plan(dataclasses.replace(COMMIT_2024, steps=5), LLAMA_7B, "h100:8")


def test_the_share_of_a_gpu(monkeypatch):
    """Of 79.6 GiB; a step of 70 GiB fits the share of a command, and not the one that the user sets."""
    for name in SHARES:
        monkeypatch.delenv(name, raising=False)
    answered(monkeypatch, stdout=an_answer(platform="gpu", device_kind="NVIDIA H100 80GB HBM3", needed=70 * GIB))
    plan = make_plan(COMMIT_2024, LLAMA_7B, "h100:8")
    assert (plan.there, plan.fits) == (pytest.approx(0.92 * 79.6), True)
    assert plan.notes == ["a command takes 92% of a GPU's 79.6 GiB; XLA_CLIENT_MEM_FRACTION sets the share"]
    monkeypatch.setenv(SHARES[1], "0.5")
    plan = make_plan(COMMIT_2024, LLAMA_7B, "h100:8")
    assert (plan.there, plan.fits) == (pytest.approx(39.8), False)


@pytest.mark.slow
def test_the_compilation_runs_no_code_of_the_current_folder(tmp_path, monkeypatch):
    for name in ("json", "numpy", "jax", "optax"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w').close()")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--topology 'v9:2x2': not known"):
        plan_module._compile_apart(COMMIT_2024, LLAMA_7B, "v9:2x2")
    assert not (tmp_path / "was-run").exists()
