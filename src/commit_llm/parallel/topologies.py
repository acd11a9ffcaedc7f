"""Describe absent machines: a table of device kinds, and the devices of a topology such as v3:2x2 or h100:8."""

import importlib.util
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commit_llm.errors import UserError, shown


@dataclass(frozen=True)
class DeviceKind:
    """Describe what jax calls one device: a chip, or on TPU v2, v3 and 7x one half of a chip.

    name: in `--topology`.
    platform: "tpu" or "gpu".
    memory: GiB that a program can use.
    peak: dense TFLOP/s, in peak_dtype.
    jax_names: a TPU's `device_kind` in jax begins with one of them; a GPU's holds one as a word.
    devices_a_chip: 2 where a device is half a chip, else 1.
    capability: NVIDIA's compute capability, "" for a TPU.
    peak_dtype: float32 for a kind that does not multiply in bfloat16.
    """

    name: str
    platform: str
    memory: float
    peak: float
    jax_names: tuple[str, ...]
    devices_a_chip: int = 1
    capability: str = ""
    peak_dtype: str = "bf16"

    @property
    def jax_name(self) -> str:
        """Give the name that jax has for a GPU of this kind."""
        return self.jax_names[0] if self.jax_names[0].startswith("Tesla") else f"NVIDIA {self.jax_names[0]}"

    @property
    def devices_a_host(self) -> int | None:
        """Give how many devices of an absent machine share a host; None where one host has all, as of GPUs."""
        return CHIPS_A_HOST * self.devices_a_chip if self.platform == "tpu" else None


# TPU, peak: cloud.google.com/tpu/docs, the page of each version ("Peak compute per chip", bf16), halved where a chip is
# two devices. TPU, memory: what libtpu leaves to a program, up to half a GiB less than the page's 8, 16, 32, 16, 95, 32
# and 96. GPU: the peak of NVIDIA's data sheet (BF16 Tensor Core, without sparsity), and the memory that its driver
# reports. A T4 reaches 65 in fp16, in which nothing is computed here. A name in `jax_names` stands before any shorter
# name that it begins with.
KINDS: dict[str, DeviceKind] = {
    kind.name: kind
    for kind in (
        DeviceKind("v2", "tpu", 7.48, 22.5, ("TPU v2",), 2),
        DeviceKind("v3", "tpu", 15.48, 61.5, ("TPU v3",), 2),
        DeviceKind("v4", "tpu", 30.75, 275, ("TPU v4",)),
        DeviceKind("v5e", "tpu", 15.75, 197, ("TPU v5 lite", "TPU v5e")),
        DeviceKind("v5p", "tpu", 95.74, 459, ("TPU v5",)),
        DeviceKind("v6e", "tpu", 31.25, 918, ("TPU v6",)),
        DeviceKind("tpu7x", "tpu", 94.75, 1153.5, ("TPU7x", "TPU v7"), 2),
        DeviceKind("t4", "gpu", 15, 8.1, ("Tesla T4", "T4"), capability="7.5", peak_dtype="float32"),
        DeviceKind("a10", "gpu", 22.5, 125, ("A10",), capability="8.6"),
        DeviceKind("a10g", "gpu", 22.5, 70, ("A10G",), capability="8.6"),
        DeviceKind("l4", "gpu", 22.5, 121, ("L4",), capability="8.9"),
        DeviceKind("l40s", "gpu", 45, 362, ("L40S",), capability="8.9"),
        DeviceKind("rtx-4090", "gpu", 24, 165.2, ("RTX 4090",), capability="8.9"),
        DeviceKind("a100-40gb", "gpu", 40, 312, ("A100-SXM4-40GB", "A100-PCIE-40GB"), capability="8.0"),
        DeviceKind("a100-80gb", "gpu", 80, 312, ("A100-SXM4-80GB", "A100 80GB PCIe"), capability="8.0"),
        DeviceKind("h100", "gpu", 79.6, 989.4, ("H100 80GB HBM3",), capability="9.0"),
        DeviceKind("h100-pcie", "gpu", 79.6, 756, ("H100 PCIe",), capability="9.0"),
        DeviceKind("h200", "gpu", 140.4, 989.4, ("H200",), capability="9.0"),
        DeviceKind("b200", "gpu", 179, 2250, ("B200",), capability="10.0"),
    )
}
# Shapes that libtpu can describe and that can be rented, and one chip of a host. Other shapes of the same form are
# tried too.
SHAPES = {
    "v2": "2x2",
    "v3": "2x2 4x4 4x8 8x8",
    "v4": "1x1x1 2x2x1 2x2x2 2x2x4 2x4x4 4x4x4",
    "v5e": "1x1 2x2 2x4 4x4 4x8 8x8 8x16 16x16",
    "v5p": "1x1x1 2x2x1 2x2x2 2x2x4 2x4x4 4x4x4",
    "v6e": "1x1 2x2 2x4 4x4 4x8 8x8 8x16 16x16",
    "tpu7x": "2x2x1 2x2x2 2x2x4 2x4x4 4x4x4",
}
CHIPS_A_HOST = 4  # as libtpu describes all of them, also v5e:2x4 and v6e:2x4, which are rented as one host of 8 too
MOST_DEVICES = 65_536  # of a topology: each is an object, and no larger machine is known
TPU_TOPOLOGIES = [f"{kind}:{shape}" for kind, shapes in SHAPES.items() for shape in shapes.split()]


@dataclass(frozen=True)
class Topology:
    """Hold a number of devices of one kind.

    name: what the user wrote.
    """

    name: str
    kind: DeviceKind
    count: int


@dataclass(frozen=True)
class AbsentDevice:
    """Stand for a device in a mesh, where nothing is compiled."""

    id: int
    platform: str
    device_kind: str
    compute_capability: str = ""
    process_index: int = 0


def find_topology(name: str) -> Topology:
    """Read `v3:2x2` (chips along each side) or `h100:8` (how many); raise UserError for an unknown name or too many."""
    kind_name, _, shape = name.partition(":")
    kind = KINDS.get(kind_name)
    sides = r"\d+(x\d+){1,2}" if kind is not None and kind.platform == "tpu" else r"\d+"
    if kind is None or not re.fullmatch(sides, shape):
        raise unknown_topology(name)
    longest = len(str(MOST_DEVICES))  # of a number with more digits, `int` may be refused
    chips = math.prod(int(side.lstrip("0")[: longest + 1] or 0) for side in shape.split("x"))
    if not chips:
        raise unknown_topology(name)
    if (count := chips * kind.devices_a_chip) > MOST_DEVICES:
        raise UserError(f"--topology {shown(name)}: is more than {MOST_DEVICES:,} devices; name a smaller one")
    return Topology(name, kind, count)


def named_topology(name: str | None, devices: int | None) -> str | None:
    """Give the name of a topology of which the user says only the kind and how many devices, such as v5p and 16.

    Raise UserError where there is no known one, where a whole name says another number, and for a number out of range.

    name: of a kind, or a whole one; None: this machine.
    devices: None where the name is whole.
    """
    if devices is None:
        return name
    if not 1 <= devices <= MOST_DEVICES:
        bound = "must be at least 1" if devices < 1 else f"must be at most {MOST_DEVICES}"
        raise UserError(f"--devices {shown(devices)}: {bound}")
    if name is None:
        raise UserError(f"--devices {devices}: of which kind? name it with --topology, such as v5p or h100")
    if name not in KINDS:
        count = find_topology(name).count
        if count != devices:
            kind = name.partition(":")[0]
            raise UserError(f"--devices {devices}: {name} has {count}; say --topology {kind} --devices {devices}")
        return name
    if KINDS[name].platform == "gpu":
        return find_topology(f"{name}:{devices}").name
    same_kind = {topology.name: topology.count for topology in _known_topologies(name)}
    for topology, count in same_kind.items():
        if count == devices:
            return topology
    known = ", ".join(f"{count} ({topology})" for topology, count in same_kind.items())
    raise UserError(f"--devices {devices}: of {name} there are {known}; spell another shape out with --topology")


def _known_topologies(kind: str) -> list[Topology]:
    """List the known topologies of a kind of TPU."""
    return [find_topology(f"{kind}:{shape}") for shape in SHAPES[kind].split()]


def unknown_topology(name: str) -> UserError:
    """Make the error for a topology that does not exist."""
    kind = name.partition(":")[0].lower()
    same_kind = [topology for topology in TPU_TOPOLOGIES if topology.partition(":")[0] == kind]
    if same_kind:
        also = f"; or say how many: --topology {kind} --devices N" if name == kind else ""
        return UserError(f"--topology {name!r}: not known; of {kind} there is {', '.join(same_kind)}{also}")
    if kind in KINDS:
        way = f"say how many after a colon, at least 1, as in {kind}:8"
        return UserError(f"--topology {name!r}: {way}" + (", or with --devices 8" if name == kind else ""))
    gpus = ", ".join(f"{kind.name}:N" for kind in KINDS.values() if kind.platform == "gpu")
    return UserError(
        f"--topology {name!r}: not known; TPU (kind:chips along each side): {', '.join(TPU_TOPOLOGIES)}; "
        f"GPU (kind:how many): {gpus}"
    )


def larger_topologies(topology: Topology) -> list[Topology]:
    """List the known topologies of the same kind with more devices, the smallest first."""
    if topology.kind.platform == "tpu":
        same_kind = _known_topologies(topology.kind.name)
    else:
        same_kind = [find_topology(f"{topology.kind.name}:{2**power}") for power in range(11)]
    return sorted((one for one in same_kind if one.count > topology.count), key=lambda one: one.count)


def kind_of(device_kind: str) -> DeviceKind | None:
    """Give the kind of a device by jax's name for it; None for one that the table lacks, such as a CPU."""
    for kind in KINDS.values():
        for name in kind.jax_names:
            if device_kind.startswith(name) if kind.platform == "tpu" else re.search(rf"\b{name}\b", device_kind):
                return kind
    return None


def absent_devices(topology: Topology) -> Sequence[Any]:
    """Give the devices of a topology for `make_mesh`; for those of a TPU, programs can be compiled.

    Raise UserError where libtpu is not installed, or does not know the topology.
    """
    if topology.kind.platform != "tpu":
        kind = topology.kind
        return [AbsentDevice(number, "gpu", kind.jax_name, kind.capability) for number in range(topology.count)]
    require_libtpu()
    os.environ.setdefault("TPU_SKIP_MDS_QUERY", "1")  # there is no machine to ask about itself
    os.environ.setdefault("ALLOW_MULTIPLE_LIBTPU_LOAD", "1")  # a TPU of this machine may be at work, and is not touched
    from jax.experimental.topologies import get_topology_desc

    options: dict[str, Any] = {}
    if topology.kind.name == "v4":
        options["chip_config_name"] = "megacore"  # as jax runs on a v4: both cores of a chip are one device
    if topology.count == 1:
        options["chips_per_host_bounds"] = (1, 1, 1)
    try:
        return get_topology_desc(platform="tpu", topology_name=topology.name, **options).devices
    except Exception as error:  # of the library's own class, with its own text
        if "INVALID_ARGUMENT" in str(error) or "NOT_FOUND" in str(error):
            raise unknown_topology(topology.name) from None
        raise


def require_libtpu() -> None:
    """Raise UserError where the compiler for TPUs is not installed."""
    if importlib.util.find_spec("libtpu") is None:
        raise UserError("a TPU topology needs libtpu, the compiler for TPUs: pip install 'commit-llm[tpu]'")
