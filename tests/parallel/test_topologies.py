"""The table of machines: topologies by name, and the kind of a device by what jax calls it."""

import importlib.util
from collections import Counter

import pytest

from commit_llm.errors import UserError
from commit_llm.parallel.topologies import (
    KINDS,
    TPU_TOPOLOGIES,
    absent_devices,
    find_topology,
    kind_of,
    larger_topologies,
    named_topology,
)
from tests.conftest import ROOT

needs_libtpu = pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None, reason="libtpu is not installed (extra tpu)"
)


def test_topologies():
    topologies = {
        name: find_topology(name) for name in ("v2:2x2", "v3:2x2", "v4:2x2x2", "v5e:2x4", "tpu7x:2x2x1", "h100:8")
    }
    assert {name: topology.count for name, topology in topologies.items()} == {
        "v2:2x2": 8, "v3:2x2": 8, "v4:2x2x2": 8, "v5e:2x4": 8, "tpu7x:2x2x1": 8, "h100:8": 8,
    }  # fmt: skip
    assert (topologies["v3:2x2"].kind.memory, topologies["v3:2x2"].kind.peak) == (15.48, 61.5)
    assert all(find_topology(name).kind.platform == "tpu" for name in TPU_TOPOLOGIES)
    assert [larger.name for larger in larger_topologies(topologies["v5e:2x4"])][:2] == ["v5e:4x4", "v5e:4x8"]
    assert larger_topologies(topologies["h100:8"])[0].name == "h100:16"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "not known; TPU .*v3:2x2, .*h100:N") for name in ("v9:2x2", "", ":8")),
        *((name, "not known; of v3 there is v3:2x2, v3:4x4") for name in ("v3", "v3:8", "V3:1x1")),
        *((name, "not known; of v5e there is v5e:1x1, ") for name in ("v5e:0x4", f"v5e:0x{'9' * 5000}")),
        *((name, "is more than 65,536 devices; name a smaller one") for name in ("h100:65537", "v5e:257x256")),
        *((f"{name}{'9' * 5000}", "is more than 65,536 devices") for name in ("h100:", "v3:1x")),
        *((name, "say how many after a colon, at least 1, as in h100:8") for name in ("h100", "h100:0", "h100:2x4")),
        ("h100", "as in h100:8, or with --devices 8"),
        ("v6e", "; or say how many: --topology v6e --devices N"),
    ],
)
def test_an_unknown_topology_lists_the_known(name, message):
    with pytest.raises(UserError, match=message) as error:
        find_topology(name)
    assert "\n" not in str(error.value)


def test_the_largest_topology():
    assert find_topology("h100:0065536").count == find_topology("v3:128x256").count == 65_536
    assert named_topology("h100", 65_536) == "h100:65536"


@needs_libtpu
@pytest.mark.slow
def test_absent_hosts_have_as_many_devices_as_libtpu_says():
    """Of each kind the smallest topologies: one chip or host, and several."""
    for name in TPU_TOPOLOGIES:
        topology = find_topology(name)
        if topology.count <= 32:
            hosts = Counter(device.process_index for device in absent_devices(topology))
            assert set(hosts.values()) == {min(topology.kind.devices_a_host, topology.count)}, name


@pytest.mark.parametrize(
    ("kind", "devices", "name"),
    [
        ("v5p", 16, "v5p:2x2x4"), ("v6e", 8, "v6e:2x4"), ("v3", 8, "v3:2x2"), ("tpu7x", 32, "tpu7x:2x2x4"),
        ("h100", 2, "h100:2"), ("v5p:2x2x1", 4, "v5p:2x2x1"), ("v5p:2x2x1", None, "v5p:2x2x1"), (None, None, None),
    ],
)  # fmt: skip
def test_a_kind_and_how_many(kind, devices, name):
    assert named_topology(kind, devices) == name
    assert name is None or devices is None or find_topology(name).count == devices


@pytest.mark.parametrize(
    ("kind", "devices", "message"),
    [
        (None, 8, "--devices 8: of which kind. name it with --topology, such as v5p or h100"),
        ("v3:2x2", 4, "--devices 4: v3:2x2 has 8; say --topology v3 --devices 4"),
        ("v5p", 12, r"--devices 12: of v5p there are 1 .v5p:1x1x1., .*; spell another shape out with --topology"),
        *((kind, 0, "^--devices 0: must be at least 1$") for kind in ("h100", "v5p", "h100:8", None)),
        ("h100", -1, "^--devices -1: must be at least 1$"),
        *((kind, 65_537, "^--devices 65537: must be at most 65536$") for kind in ("h100", "v5p")),
        ("v9", 8, "--topology 'v9': not known; TPU .*v3:2x2, .*h100:N"),
    ],
)
def test_a_number_of_devices_that_is_not_there(kind, devices, message):
    with pytest.raises(UserError, match=message) as error:
        named_topology(kind, devices)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("device_kind", "name"),
    [
        ("TPU v3", "v3"), ("TPU v5 lite", "v5e"), ("TPU v5", "v5p"), ("TPU v6 lite", "v6e"), ("TPU7x", "tpu7x"),
        ("NVIDIA H100 80GB HBM3", "h100"), ("NVIDIA H100 PCIe", "h100-pcie"), ("NVIDIA H200", "h200"),
        ("NVIDIA A100-SXM4-40GB", "a100-40gb"), ("NVIDIA A100 80GB PCIe", "a100-80gb"), ("NVIDIA L4", "l4"),
        ("NVIDIA L40S", "l40s"), ("NVIDIA A10", "a10"), ("NVIDIA A10G", "a10g"), ("Tesla T4", "t4"),
        ("NVIDIA B200", "b200"), ("NVIDIA GH200 480GB", None), ("Tesla V100-SXM2-16GB", None), ("cpu", None),
    ],
)  # fmt: skip
def test_what_jax_calls_a_device(device_kind, name):
    assert kind_of(device_kind) == (KINDS[name] if name else None)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.platform == "gpu"])
def test_an_absent_gpu_is_of_its_kind(name):
    device = absent_devices(find_topology(f"{name}:2"))[1]
    assert kind_of(device.device_kind) == KINDS[name]
    assert device.compute_capability == KINDS[name].capability != ""


def test_the_docs_have_the_table_of_gpus():
    rows = [
        f"| {kind.name}:N | {kind.jax_name} | {kind.memory:g} | {kind.peak:.5g} ({kind.peak_dtype}) |"
        for kind in KINDS.values() if kind.platform == "gpu"
    ]  # fmt: skip
    text = (ROOT / "docs" / "planning.md").read_text(encoding="utf-8")
    assert [row for row in rows if row not in text] == []
    assert text.count(":N | ") == len(rows)


def test_an_absent_t4_has_the_name_of_a_present_one():
    (device,) = absent_devices(find_topology("t4:1"))
    assert (device.device_kind, device.compute_capability) == ("Tesla T4", "7.5")
    assert (KINDS["t4"].peak, KINDS["t4"].peak_dtype, KINDS["a10g"].peak_dtype) == (8.1, "float32", "bf16")
