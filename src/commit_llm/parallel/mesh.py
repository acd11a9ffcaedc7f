"""Lay devices out as a mesh, and arrays over it, by one table from logical axes to mesh axes."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import ArrayLayout, Axes
from commit_llm.model.parameters import Parameter, declare, map_declared
from commit_llm.parallel.mesh_sizes import parse_sizes

AXES = ("data", "fsdp", "tensor")

# Logical axis of a parameter or an activation -> mesh axes. None: whole on every device. Other names raise KeyError.
RULES: dict[str, str | tuple[str, ...] | None] = {
    "layers": None,
    "norm": None,
    "rank": None,
    "embed": "fsdp",
    "vocab": "tensor",
    "heads": "tensor",
    "mlp": "tensor",
    "batch": ("data", "fsdp"),
    "batch_before_fsdp": "data",  # while tokens are looked up in the embedding, which is split along fsdp
}


def make_mesh(sizes: str, devices: Sequence[Any] | None = None, way_out: str = "1,-1,1 takes all along fsdp") -> Mesh:
    """Make a mesh of devices; raise UserError where the sizes are malformed or do not use every device.

    sizes: `data,fsdp,tensor`, of which one may be -1: all devices that the others leave.
    devices: by default all devices of jax.
    way_out: what the error says that works.
    """
    devices = jax.devices() if devices is None else devices
    shape = parse_sizes(sizes)
    product = math.prod(size for size in shape if size != -1)
    if len(devices) % product if -1 in shape else product != len(devices):
        amount = f"there {'is 1' if len(devices) == 1 else f'are {len(devices)}'}"
        fault = f"{product} does not divide them" if -1 in shape else f"this makes {product}"
        raise UserError(f"--mesh {sizes!r}: {amount} to lay out, and {fault}; {way_out}")
    shape = [len(devices) // product if size == -1 else size for size in shape]
    return Mesh(np.asarray(devices).reshape(shape), AXES)


def parameter_shardings(config: ModelConfig, mesh: Mesh, declared: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the sharding of every parameter; raise UserError for a dimension that the mesh does not divide.

    declared: the parameters; by default all of the model, of whose matrices an adapter's have the dimensions.
    """
    require_divided(config, mesh)
    declared = declare(config) if declared is None else declared
    return map_declared(lambda parameter: NamedSharding(mesh, spec_of(parameter.axes)), declared)


def require_divided(config: ModelConfig, mesh: Mesh, way_out: str | None = None) -> None:
    """Raise UserError for the first dimension of a model that the mesh does not divide.

    way_out: what the error says that works; by default another size of the same axis.
    """
    for rule, size, what in _split_sizes(config):
        axis_size = mesh.shape[rule]
        if size % axis_size:
            works = way_out or f"{rule} {math.gcd(axis_size, size)} would"
            raise UserError(f"--mesh: {rule} {axis_size} does not divide {what}; {works}")


def most_shards(config: ModelConfig) -> dict[str, int]:
    """Give the most devices along fsdp and tensor that a model can be split over; their divisors can too.

    >>> smollm2 = ModelConfig(49152, 576, 1536, 30, 9, 3, 64)
    >>> most_shards(smollm2)
    {'fsdp': 576, 'tensor': 3}
    """
    most = {"fsdp": 0, "tensor": 0}
    for rule, size, _ in _split_sizes(config):
        most[rule] = math.gcd(most[rule], size)
    return most


def _split_sizes(config: ModelConfig) -> Iterator[tuple[str, int, str]]:
    """Yield the sizes that a mesh axis has to divide: the axis, the size, and what it is, for messages."""
    for heads in (config.num_attention_heads, config.num_key_value_heads):
        yield "tensor", heads, f"the model's {heads} heads"
    for parameter in jax.tree.leaves(declare(config), is_leaf=lambda node: isinstance(node, Parameter)):
        for size, axis in zip(parameter.shape, parameter.axes, strict=True):
            rule = RULES[axis]
            if isinstance(rule, str):
                yield rule, size, f"the model's {axis!r} dimension of {size}"


def spec_of(axes: Axes) -> PartitionSpec:
    """Say where an array with these logical axes lies on the mesh; raise KeyError for an axis without a rule."""
    return PartitionSpec(*(None if axis is None else RULES[axis] for axis in axes))


@dataclass(frozen=True)
class MeshLayout(ArrayLayout):
    """Place the arrays of the decoder on a mesh, by RULES."""

    mesh: Mesh

    def constrain(self, x: Array, axes: Axes) -> Array:
        return jax.lax.with_sharding_constraint(x, NamedSharding(self.mesh, spec_of(axes)))

    def per_shard(self, function: Callable[..., Array], inputs: Sequence[Axes], output: Axes) -> Callable[..., Array]:
        specs = tuple(map(spec_of, inputs))
        return jax.shard_map(function, mesh=self.mesh, in_specs=specs, out_specs=spec_of(output), check_vma=False)


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """Split the rows of a batch over data and fsdp."""
    return NamedSharding(mesh, spec_of(("batch",)))


def replicated(mesh: Mesh) -> NamedSharding:
    """Give every device the whole array."""
    return NamedSharding(mesh, PartitionSpec())


def place(value: Any, shardings: Any) -> Any:
    """Make global jax arrays of a tree of arrays that every process has whole; each device takes its own part."""
    return jax.tree.map(_place, value, shardings)


def place_alike(value: Any, sharding: Any) -> Any:
    """Do as `place`, with one sharding for all arrays of the tree."""
    return jax.tree.map(lambda leaf: _place(leaf, sharding), value)


def _place(leaf: Any, sharding: Any) -> jax.Array:
    whole = np.asarray(leaf)
    return jax.make_array_from_callback(whole.shape, sharding, lambda part: whole[part])
