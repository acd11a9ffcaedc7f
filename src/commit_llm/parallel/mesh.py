"""Lay devices out as a mesh, and arrays over it, by one table from logical axes to mesh axes."""

import math
from collections.abc import Callable, Sequence
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


def make_mesh(sizes: str, devices: Sequence[Any] | None = None) -> Mesh:
    """Make a mesh of devices; raise UserError where the sizes are malformed or do not use every device.

    sizes: `data,fsdp,tensor`, of which one may be -1: all devices that the others leave.
    devices: by default all devices of jax.
    """
    devices = jax.devices() if devices is None else devices
    shape = parse_sizes(sizes)
    product = math.prod(size for size in shape if size != -1)
    if len(devices) % product if -1 in shape else product != len(devices):
        amount = f"there {'is 1' if len(devices) == 1 else f'are {len(devices)}'}"
        fault = f"{product} does not divide them" if -1 in shape else f"this makes {product}"
        raise UserError(f"--mesh {sizes!r}: {amount} to lay out, and {fault}; 1,-1,1 takes all along fsdp")
    shape = [len(devices) // product if size == -1 else size for size in shape]
    return Mesh(np.asarray(devices).reshape(shape), AXES)


def parameter_shardings(config: ModelConfig, mesh: Mesh, declared: dict[str, Any] | None = None) -> dict[str, Any]:
    """Give the sharding of every parameter; raise UserError for a dimension that the mesh does not divide.

    declared: the parameters; by default all of the model.
    """

    def sharding(parameter: Parameter) -> NamedSharding:
        for size, axis in zip(parameter.shape, parameter.axes, strict=True):
            rule = RULES[axis]
            if isinstance(rule, str) and size % mesh.shape[rule]:
                raise _indivisible(rule, mesh, f"the model's {axis!r} dimension of {size}", size)
        return NamedSharding(mesh, spec_of(parameter.axes))

    for heads in (config.num_attention_heads, config.num_key_value_heads):
        if heads % mesh.shape["tensor"]:
            raise _indivisible("tensor", mesh, f"the model's {heads} heads", heads)
    return map_declared(sharding, declare(config) if declared is None else declared)


def _indivisible(axis: str, mesh: Mesh, what: str, size: int) -> UserError:
    """Make the error for a size that a mesh axis does not divide, with an axis that would."""
    axis_size = mesh.shape[axis]
    return UserError(f"--mesh: {axis} {axis_size} does not divide {what}; {axis} {math.gcd(axis_size, size)} would")


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
