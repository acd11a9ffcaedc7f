"""The sizes of a mesh, and the table that says which mesh axis shards which logical axis."""

import pytest
from jax.sharding import PartitionSpec

from commit_llm.errors import UserError
from commit_llm.parallel.mesh import RULES, make_mesh, parameter_shardings, spec_of
from tests.model.test_decoder import SMALL


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
    with pytest.raises(UserError, match="tensor 8 does not divide the model's 4 heads; tensor 4 would"):
        parameter_shardings(SMALL, make_mesh("1,1,8", devices))
    with pytest.raises(UserError, match="tensor 2 does not divide the model's 'vocab' dimension of 97"):
        parameter_shardings(SMALL, make_mesh("1,4,2", devices))


def test_the_rules():
    assert RULES == {
        "layers": None,
        "norm": None,
        "embed": "fsdp",
        "vocab": "tensor",
        "heads": "tensor",
        "mlp": "tensor",
        "rank": None,
        "batch": ("data", "fsdp"),
        "batch_before_fsdp": "data",
    }
    assert spec_of(("batch", None, "mlp")) == PartitionSpec(("data", "fsdp"), None, "tensor")


def test_a_logical_axis_without_a_rule_raises(monkeypatch):
    monkeypatch.delitem(RULES, "mlp")
    with pytest.raises(KeyError, match="mlp"):
        parameter_shardings(SMALL, make_mesh("1,1,1", [FakeDevice(0)]))
