"""Eight fake CPU devices give the losses of one."""

import json
import os
import subprocess
import sys

import pytest
from jax.sharding import PartitionSpec

from commit_llm.errors import UserError
from commit_llm.parallel.mesh import BATCH, RULES, make_mesh, parameter_shardings
from tests.model.test_decoder import SMALL

PROGRAM = """
import json, sys
from pathlib import Path
from commit_llm.train.loop import train
from commit_llm.train.recipes import find_recipe
train(find_recipe(sys.argv[1]), Path(sys.argv[2]))
import jax
print(json.dumps(len(jax.devices())))
"""


@pytest.mark.slow
@pytest.mark.parametrize("mesh", ["2,2,2", "1,4,2"])
def test_a_mesh_changes_nothing(small_recipe, tmp_path, mesh):
    from commit_llm.train.recipes import dump_recipe
    from commit_llm.train.run_directory import read_metrics

    losses = {}
    for devices, shape in ((1, "1,1,1"), (8, mesh)):
        config, run = tmp_path / f"{devices}.yaml", tmp_path / f"run-{devices}"
        config.write_text(dump_recipe(small_recipe(mesh=shape, batch_size=4, log_every=1)))
        environment = os.environ | {
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
            "JAX_PLATFORMS": "cpu",
        }
        program = [sys.executable, "-c", PROGRAM, str(config), str(run)]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == devices
        losses[devices] = [line["loss"] for line in read_metrics(run)]
    assert losses[8] == pytest.approx(losses[1], rel=1e-5)


class FakeDevice:
    """Enough of a device for a mesh to be laid out."""

    platform, process_index = "cpu", 0

    def __init__(self, id):
        self.id = id


def test_sizes_of_a_mesh():
    devices = [FakeDevice(n) for n in range(8)]
    assert dict(make_mesh("1,-1,2", devices).shape) == {"data": 1, "fsdp": 4, "tensor": 2}
    for wrong in ("3,1,1", "1,1,1", "-1,-1,1", "a,b,c", "0,1,8", "8"):
        with pytest.raises(UserError, match=f"--mesh '{wrong}'"):
            make_mesh(wrong, devices)
    with pytest.raises(UserError, match="tensor 8 does not divide the model's 'vocab' dimension of 97"):
        parameter_shardings(SMALL, make_mesh("1,1,8", devices))


def test_the_rules():
    assert RULES == {
        "layers": None,
        "norm": None,
        "embed": "fsdp",
        "vocab": "tensor",
        "heads": "tensor",
        "mlp": "tensor",
    }
    assert PartitionSpec(("data", "fsdp")) == BATCH


def test_a_logical_axis_without_a_rule_raises(monkeypatch):
    monkeypatch.delitem(RULES, "mlp")
    with pytest.raises(KeyError, match="mlp"):
        parameter_shardings(SMALL, make_mesh("1,1,1", [FakeDevice(0)]))
