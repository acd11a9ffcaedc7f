"""Eight fake CPU devices, on any mesh, give the numbers of one."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from commit_llm.recipes import dump_recipe, find_recipe, load_recipe
from commit_llm.runs.logs import read_logs, read_metrics
from tests.conftest import ROOT
from tests.parallel.processes import fake_devices
from tests.tiers import in_long_tier
from tests.train.conftest import model_with_heads


def on_devices(devices, program, stderr=False, **variables):
    """Run Python on so many fake devices; what it printed, or what it told."""
    environment = os.environ | variables | {
        "XLA_FLAGS": fake_devices(devices),
        "JAX_PLATFORMS": "cpu",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, *program], env=environment, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr if stderr else done.stdout


def steps_on(devices, shared, case, *meshes, **variables):
    program = ["-m", "tests.train.mesh_program", case, *meshes]
    return json.loads(on_devices(devices, program, COMMIT_SHARED=str(shared.path), **variables))


@pytest.mark.slow
@pytest.mark.optimised
def test_twenty_golden_steps_on_meshes(shared):
    golden = shared.golden_json("train_log.json")["fp32mom_lr1e-3"]["steps"]
    for mesh, steps in steps_on(8, shared, "golden", "2,2,2", "1,2,4").items():
        for ours, theirs in (("loss", "loss"), ("grad_norm", "gradient_norm"), ("param_norm", "param_norm")):
            np.testing.assert_allclose(steps[ours], [step[theirs] for step in golden], rtol=1e-5, err_msg=mesh)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "random_bits", "meshes"),
    [
        ("parts", "rbg", ("1,4,2", "2,2,2")),
        *in_long_tier(
            ("wide", "threefry2x32", ("8,1,1", "1,8,1", "1,1,8")), ("adapter", "threefry2x32", ("1,2,4", "2,2,2"))
        ),
    ],
)
def test_dropout_and_all_are_the_same_on_every_mesh(shared, case, random_bits, meshes):
    one = steps_on(1, shared, case, "1,1,1", RANDOM_BITS=random_bits)["1,1,1"]
    eight = steps_on(8, shared, case, *meshes, RANDOM_BITS=random_bits)
    assert tuple(eight) == meshes
    for mesh, steps in eight.items():
        for name in ("loss", "grad_norm", "param_norm"):
            np.testing.assert_allclose(steps[name], one[name], rtol=1e-5, err_msg=mesh)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "meshes"), in_long_tier(("lean", ("1,4,2",)), ("lean", ("1,2,2",)), ("split", ("8,1,1", "2,2,2")))
)
def test_split_weights_take_the_same_steps_on_every_mesh(shared, case, meshes):
    """But for the rounding of gradients to bfloat16, which may go the other way: by one part in 256 of one number."""
    one = steps_on(1, shared, case, "1,1,1")["1,1,1"]
    for mesh in meshes:
        devices = math.prod(map(int, mesh.split(",")))
        steps = steps_on(devices, shared, case, mesh)[mesh]
        for name, tolerance in (("loss", 1e-5), ("grad_norm", 1e-3), ("param_norm", 1e-5)):
            np.testing.assert_allclose(steps[name], one[name], rtol=tolerance, err_msg=mesh)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mesh", "families"),
    [
        ("2,2,2", ["gemma 3", "olmo 2"]),
        *in_long_tier(("2,2,2", ["qwen 3"]), ("1,2,4", ["gemma 3", "qwen 3", "olmo 2"])),
    ],
)
def test_families_take_the_same_step_on_a_mesh(mesh, families):
    """Gemma 3 has two kinds of layers, and Qwen 3 norms each head; OLMo 2 norms all heads at once, over devices."""
    differences = json.loads(on_devices(8, ["-m", "tests.train.family_program", mesh, *families]))
    assert list(differences) == families
    for family, of_step in differences.items():
        assert list(of_step) == ["loss", "grad_norm", "parameters"]
        assert max(of_step.values()) <= 1e-5, (family, of_step)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(
    ("heads", "kv_heads", "told"),
    [
        (8, 8, "8 x cpu, mesh data 1, fsdp 4, tensor 2 (auto: 4 rows at a time); "),
        (9, 3, "6 x cpu, mesh data 1, fsdp 2, tensor 3 (auto: 4 rows at a time, tensor must divide 3; 2 of 8 devices "),
        (4, 1, "4 x cpu, mesh data 1, fsdp 4, tensor 1 (auto: 4 rows at a time, tensor must divide 1; 4 of 8 devices "),
    ],
    ids=["llama", "as SmolLM2", "as Gemma 3 1B"],
)
def test_commit_runs_on_eight_devices_without_a_mesh(small_recipe, example, tmp_path, heads, kv_heads, told):
    """Four rows, which do not divide over eight: as one device does, and said so in the line at the start."""
    model = model_with_heads(example / "model", tmp_path / "model", heads, kv_heads)
    assert (find_recipe("commit").mesh, find_recipe("commit").batch_size) == ("auto", 4)
    recipe = small_recipe(model=str(model), batch_size=4, log_every=1, steps=4, held_out_share=0.1, eval_every=2)
    config = tmp_path / "recipe.yaml"
    config.write_text(dump_recipe(recipe))
    for devices in (1, 8):
        argv = ["-m", "commit_llm", "train", str(config), "--out", str(tmp_path / str(devices))]
        said = on_devices(devices, argv, stderr=True)
        assert f"\n{told}" in said if devices == 8 else "\n1 x cpu, mesh data 1, fsdp 1, tensor 1; " in said
    one, eight = (read_logs(tmp_path / devices) for devices in ("1", "8"))
    assert list(eight.metrics) == list(one.metrics) == [1, 2, 3, 4]
    for ours, theirs in ((eight.metrics, one.metrics), (eight.held_out, one.held_out)):
        assert list(ours) == list(theirs) != []
        for step, line in ours.items():
            assert line["loss"] == pytest.approx(theirs[step]["loss"], rel=1e-5)
    assert load_recipe(tmp_path / "8" / "config.yaml").mesh == "auto"  # it may go on on other devices


@pytest.fixture
def trained(small_recipe, example, tmp_path):
    """A function that trains a run on some devices; what it told, and the losses and tokens of its steps so far."""
    model = model_with_heads(example / "model", tmp_path / "model", 9, 3)

    def train(run, devices, mesh, minutes=60):
        config = tmp_path / "recipe.yaml"
        config.write_text(dump_recipe(small_recipe(model=str(model), mesh=mesh, batch_size=4, log_every=1)))
        argv = ["train", str(config), "--out", str(tmp_path / run), "--stop-after-minutes", str(minutes)]
        said = on_devices(devices, ["-m", "commit_llm", *argv], stderr=True)
        return said, [(line["loss"], line["tokens"]) for line in read_metrics(tmp_path / run)]

    return train


@pytest.mark.slow
def test_a_run_of_eight_devices_without_a_mesh_goes_on_on_one(trained):
    """Of the eight two have no work."""
    _, whole = trained("whole", 1, "auto")
    said, begun = trained("begun", 8, "auto", minutes=0)
    assert "6 x cpu, mesh data 1, fsdp 2, tensor 3 (auto: 4 rows at a time, tensor must divide 3; 2 of 8 " in said
    assert 1 <= len(begun) < len(whole)
    np.testing.assert_allclose(trained("begun", 1, "auto")[1], whole, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.long
def test_a_run_goes_on_on_other_meshes(trained):
    _, whole = trained("whole", 1, "1,1,1")
    _, begun = trained("begun", 12, "2,2,3", minutes=0)
    assert 1 <= len(begun) < len(whole)
    assert trained("begun", 6, "1,2,3", minutes=0)[1][: len(begun)] == begun
    np.testing.assert_allclose(trained("begun", 1, "1,1,1")[1], whole, rtol=1e-5)
