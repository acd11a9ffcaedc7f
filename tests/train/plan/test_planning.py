"""Plans: the arithmetic, what does not fit, and what becomes of a compiler's words."""

import dataclasses
import importlib.util
import json
import subprocess
from types import SimpleNamespace

import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.recipes import find_recipe
from commit_llm.train.plan import planning as plan_module
from commit_llm.train.plan.changes import Setting, changes
from commit_llm.train.plan.compilation import CompiledStep, needed_by
from commit_llm.train.plan.estimate import GIB, hours
from commit_llm.train.plan.planning import make_plan

LLAMA_7B = ModelConfig(
    vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32, num_attention_heads=32,
    num_key_value_heads=32, head_dim=128,
)  # fmt: skip
TINY = dataclasses.replace(
    LLAMA_7B, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=4, head_dim=16,
)  # fmt: skip
COMMIT_2024 = find_recipe("commit-2024")
SPREAD = dataclasses.replace(COMMIT_2024, mesh="1,-1,1")
OF_7B = Setting(LLAMA_7B, "bfloat16")

needs_libtpu = pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None, reason="libtpu is not installed (extra tpu)"
)


def test_hours():
    assert hours(0.4 * 2e12 * 3 * 3600 * 5, peak=2, devices=3, mfu=0.4) == pytest.approx(5)


@pytest.mark.parametrize(("mesh", "share"), [("1,-1,1", 8), ("1,1,-1", 8), ("2,2,2", 4), ("-1,1,1", 1)])
def test_the_state_is_split_over_the_mesh(mesh, share):
    """Parameters 4 bytes, moments 2 + 4, gradients 4, over fsdp and tensor; norms are on every device."""
    memory = OF_7B.estimate(dataclasses.replace(COMMIT_2024, mesh=mesh), 8)
    norms = 4096 * 65
    numbers = (6738415616 - norms) // share + norms
    assert (memory.parameters, memory.optimizer, memory.gradients) == (4 * numbers, 6 * numbers, 4 * numbers)


def test_what_moves_the_estimate():
    def needed(**fields):
        return OF_7B.estimate(dataclasses.replace(SPREAD, **fields), 8).needed

    assert needed() < needed(remat="dots") < needed(remat="none")
    fast = Setting(LLAMA_7B, "bfloat16", scores=False)
    assert needed() - fast.estimate(SPREAD, 8).needed == 2 * 32 * 512**2 * 6  # rows x heads x scores
    assert needed(seq_len=256) < needed() < needed(batch_size=32)
    assert needed(momentum_dtype="float32") - needed() == pytest.approx(2 * 6738415616 / 8, rel=1e-3)
    in_parts = needed(batch_size=512, gradient_accumulation=32)  # a second copy of the gradients, and few rows
    assert needed() < in_parts < needed(batch_size=512)


@pytest.mark.parametrize(
    ("fields", "compiled"),
    [
        ({}, 13.46), ({"mesh": "1,1,-1"}, 15.08), ({"batch_size": 64}, 15.07), ({"batch_size": 512}, 28.92),
        ({"batch_size": 32, "gradient_accumulation": 2}, 16.67),
    ],
)  # fmt: skip
def test_the_estimate_is_near_the_compiler_s_figure(fields, compiled):
    """GiB that the compiler gave for LLaMA-7B on v3:2x2 (docs/planning.md)."""
    needed = OF_7B.estimate(dataclasses.replace(SPREAD, **fields), 8).needed / GIB
    assert needed == pytest.approx(compiled, rel=0.05)


def test_libtpu_is_asked_for(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[tpu\]'"):
        make_plan(COMMIT_2024, LLAMA_7B, "v3:2x2")


def answered(monkeypatch, status=0, stdout="", stderr=""):
    done = SimpleNamespace(returncode=status, stdout=stdout, stderr=stderr)
    monkeypatch.setattr(subprocess, "run", lambda *args, **options: done)


def an_answer(**fields):
    mesh = {"data": 1, "fsdp": 1, "tensor": 8}
    known = CompiledStep("tpu", "TPU v3", 8, mesh, "reference", "bfloat16", 3 * GIB, 5 * GIB)
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
    assert (plan.fits, plan.by, plan.needed, plan.there, plan.changes) == (True, "compiler", 14, 15.48, [])
    assert plan.parameters + plan.optimizer + plan.gradients + plan.rest == pytest.approx(14)
    assert plan.tokens_a_step == 8192
    assert plan.hours == pytest.approx(1210 * 8192 * 40.045e9 / (0.4 * 8 * 61.5e12) / 3600, rel=1e-4)


@pytest.mark.usefixtures("libtpu")
def test_a_step_that_the_compiler_refuses(monkeypatch):
    answered(monkeypatch, stdout=an_answer(needed=20 * GIB, exhausted="RESOURCE_EXHAUSTED: Used 20.0G of 16.0G hbm"))
    plan = make_plan(dataclasses.replace(COMMIT_2024, batch_size=128), LLAMA_7B, "v3:2x2")
    assert (plan.fits, plan.needed) == (False, 20)
    flags = [change.flags for change in plan.changes]
    assert flags[0] == "--mesh 1,-1,1"
    assert flags[1:4] == [
        "--batch-size 128 --gradient-accumulation 128",
        "--batch-size 16 --gradient-accumulation 1",
        "--seq-len 256",
    ]
    assert flags[-1] == "--topology v3:4x4 --mesh 1,-1,1"
    assert plan.changes[-1].fits


@pytest.mark.usefixtures("libtpu")
def test_a_refusal_without_a_figure(monkeypatch):
    """Arithmetic says that it fits; the compiler knows better."""
    answered(monkeypatch, stdout=an_answer(exhausted="RESOURCE_EXHAUSTED: something else"))
    plan = make_plan(SPREAD, LLAMA_7B, "v3:2x2")
    assert (plan.fits, plan.by, plan.needed < plan.there) == (False, "arithmetic", True)


def test_parts_of_a_batch_are_not_offered_where_their_gradients_cost_more():
    offered = changes(COMMIT_2024, OF_7B, 8, find_topology("v3:2x2"), 10)
    assert not any("--batch-size 16 " in change.flags for change in offered)
    assert any("--batch-size 1 " in change.flags for change in offered)


def test_changes_are_less_than_what_there_is():
    """remat dots, fp32 products: each is offered, and every change needs less than the recipe."""
    recipe = dataclasses.replace(SPREAD, remat="dots", dtype="float32", batch_size=64)
    offered = changes(recipe, OF_7B, 8, find_topology("v3:2x2"), 16)
    flags = " ".join(change.flags for change in offered)
    assert all(flag in flags for flag in ("--remat nothing", "--dtype bfloat16", "--seq-len 256", "--batch-size 8 "))
    assert "--mesh 1,-1,1" not in offered[0].flags
    now = OF_7B.estimate(recipe, 8).needed / GIB
    assert all(change.needed < now for change in offered)


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


def test_figures_in_the_compiler_s_message():
    assert needed_by("RESOURCE_EXHAUSTED: ... Used 17.08G of 15.48G hbm. Exceeded ...") == int(17.08 * GIB)
    message = "required for HLO temporaries (5.37T) exceeds available HBM (15.75G)."
    assert needed_by(message) == int(5.37 * 1024 * GIB)
    assert needed_by("RESOURCE_EXHAUSTED: out of something else") is None


def test_mistakes():
    with pytest.raises(UserError, match="--mfu 0"):
        make_plan(COMMIT_2024, LLAMA_7B, "h100:8", mfu=0)
    with pytest.raises(UserError, match="--seq-len 4096: the model allows 2048"):
        make_plan(dataclasses.replace(COMMIT_2024, seq_len=4096), LLAMA_7B, "h100:8")
    with pytest.raises(UserError, match="warmup"):
        make_plan(dataclasses.replace(COMMIT_2024, steps=5), LLAMA_7B, "h100:8")


@needs_libtpu
@pytest.mark.slow
def test_a_tiny_model_compiled_for_a_tpu():
    """The real step for v5e:2x4: it fits; eight thousand times the rows do not, and the figure is told."""
    plan = make_plan(SPREAD, TINY, "v5e:2x4")
    assert (plan.by, plan.fits, plan.devices, plan.mesh["fsdp"]) == ("compiler", True, 8, 8)
    assert (plan.dtype, plan.attention.split()[0]) == ("bfloat16", "reference")
    assert plan.parameters == pytest.approx(Setting(TINY, "bfloat16").estimate(SPREAD, 8).parameters / GIB, rel=1e-3)
    assert 0.1 < plan.needed < 3
    plan = make_plan(dataclasses.replace(SPREAD, batch_size=131072), TINY, "v5e:2x4")
    assert "RESOURCE_EXHAUSTED" in plan.compiler_message
    assert not plan.fits
    assert plan.needed > 100
    assert any("--gradient-accumulation" in change.flags for change in plan.changes)
    with pytest.raises(UserError, match=r"v5e:3x3.*not known"):
        make_plan(SPREAD, TINY, "v5e:3x3")
