"""Choose the mesh of a training where the user gives none: one that always runs, with as few idle devices as can be."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.parallel.mesh import AXES, make_mesh, most_shards, require_divided
from commit_llm.parallel.mesh_sizes import AUTO


@dataclass(frozen=True)
class MeshChoice:
    """Hold a mesh, and why it is that one.

    idle: devices that are not in it.
    reason: a few words for the user; "" where the mesh was asked for, or is all devices along fsdp.
    """

    mesh: Mesh
    idle: int = 0
    reason: str = ""

    def __str__(self) -> str:
        sizes = ", ".join(f"{name} {size}" for name, size in self.mesh.shape.items())
        return f"mesh {sizes} ({self.reason})" if self.reason else f"mesh {sizes}"


def lay_out(sizes: str, config: ModelConfig, rows: int, devices: Sequence[Any] | None = None) -> MeshChoice:
    """Lay devices out for a model that is trained on so many rows at a time; by default all devices of jax.

    Raises UserError where sizes are given that do not use every device, or that do not divide rows and model; and for
    `auto` where none of `numbers_that_work` does.

    sizes: `data,fsdp,tensor`, or `auto`. That takes the most devices that work, then the most along fsdp.
    """
    devices = jax.devices() if devices is None else devices
    best = _best(config, rows, devices)
    if sizes == AUTO:
        if best is None:
            raise _no_number(config, rows, devices)
        return best
    works = "give another --batch-size" if best is None else f"{_flag(best)} works"
    mesh = make_mesh(sizes, devices, works)
    split = mesh.shape["data"] * mesh.shape["fsdp"]
    if rows % split:
        raise UserError(
            f"--mesh {sizes}: {_rows(rows)} (--batch-size by --gradient-accumulation) do not divide over its {split} "
            f"devices along data and fsdp; give a multiple of {split}; {works}"
        )
    require_divided(config, mesh, works)
    return MeshChoice(mesh)


def _best(config: ModelConfig, rows: int, devices: Sequence[Any]) -> MeshChoice | None:
    """Give the mesh of `best_sizes`; None where there is none."""
    by_process = _by_process(devices)
    most = most_shards(config)
    shape = best_sizes(rows, most["fsdp"], most["tensor"], numbers_that_work(devices))
    if shape is None:
        return None
    used = int(np.prod(shape))
    share = used // len(by_process)
    taken = devices if used == len(devices) else [device for own in by_process for device in own[:share]]
    idle = len(devices) - used
    return MeshChoice(Mesh(np.asarray(taken).reshape(shape), AXES), idle, _reason(shape, idle, rows, most))


def numbers_that_work(devices: Sequence[Any]) -> set[int]:
    """Give the numbers of devices that a program can run on, the others being idle.

    Every process has the same number of them. Of TPUs only all of several hosts, and of one host a part that divides
    them: for others the compiler refuses collective operations (libtpu 0.0.52: 6 of v5e:2x4, 4 of v5e:4x4), because
    its chips reach only their neighbours.
    """
    by_process = _by_process(devices)
    processes, every = len(by_process), len(devices)
    if devices[0].platform == "tpu":
        return {every} if processes > 1 else set(_divisors(every, every))
    return set(range(processes, processes * min(map(len, by_process)) + 1, processes))


def best_sizes(rows: int, width: int, tensor: int, numbers: Collection[int]) -> tuple[int, int, int] | None:
    """Give the sizes data, fsdp, tensor of the largest mesh; None where there is none.

    Of several that are as large, the one with the most devices along fsdp is taken, then with the fewest along data,
    along which every group of devices has all weights.

    width, tensor: the numbers that fsdp and tensor have to divide.
    numbers: how many devices the mesh may have.

    >>> up_to_8 = range(1, 9)
    >>> best_sizes(8, 4096, 8, up_to_8), best_sizes(4, 4096, 8, up_to_8), best_sizes(4, 576, 3, up_to_8)
    ((1, 8, 1), (1, 4, 2), (1, 2, 3))
    """
    every = max(numbers)
    shapes = [
        (data, fsdp, split)
        for split in _divisors(tensor, every)
        for fsdp in _divisors(width, every // split)
        if rows % fsdp == 0
        for data in _divisors(rows // fsdp, every // split // fsdp)
        if data * fsdp * split in numbers
    ]
    return max(shapes, key=lambda shape: (shape[0] * shape[1] * shape[2], shape[1], -shape[0]), default=None)


def _no_number(config: ModelConfig, rows: int, devices: Sequence[Any]) -> UserError:
    """Make the error for devices of which no number works."""
    processes = len(_by_process(devices))
    most, parts, lack = most_shards(config)["tensor"], processes, f"{processes} processes"
    if devices[0].platform == "tpu":
        parts, lack = len(devices), f"{len(devices)} TPU devices of {processes} hosts, where none can be idle"
    return UserError(
        f"--mesh {AUTO}: {_rows(rows)}, and tensor must divide {most}: no equal parts for {lack}; give a --batch-size "
        f"that is a multiple of {parts}"
    )


def _flag(best: MeshChoice) -> str:
    """Write the flag for a mesh that works."""
    sizes = AUTO if best.idle else ",".join(map(str, best.mesh.shape.values()))
    return f"--mesh {sizes}{f' (with {best.idle} idle)' if best.idle else ''}"


def _by_process(devices: Sequence[Any]) -> list[list[Any]]:
    """Give the devices of each process."""
    own: dict[int, list[Any]] = {}
    for device in devices:
        own.setdefault(device.process_index, []).append(device)
    return [own[process] for process in sorted(own)]


def _divisors(number: int, most: int) -> Iterator[int]:
    return (divisor for divisor in range(1, min(number, most) + 1) if number % divisor == 0)


def _reason(shape: tuple[int, int, int], idle: int, rows: int, most: dict[str, int]) -> str:
    """Say why not all devices are along fsdp; "" where they are."""
    data, _, tensor = shape
    if not idle and data == tensor == 1:
        return ""
    reasons = [_rows(rows)]
    if data > 1:
        reasons.append(f"fsdp must divide {most['fsdp']}")
    if idle:
        reasons.append(f"tensor must divide {most['tensor']}")
    stand = f"; {idle} of {idle + int(np.prod(shape))} devices {'is' if idle == 1 else 'are'} idle" if idle else ""
    return f"{AUTO}: {', '.join(reasons)}{stand}"


def _rows(rows: int) -> str:
    return f"{rows} {'row' if rows == 1 else 'rows'} at a time"
