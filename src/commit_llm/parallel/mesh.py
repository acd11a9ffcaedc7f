"""The device mesh, and one table that says which mesh axis shards which logical axis."""

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
from commit_llm.model.execution import Axes, Layout
from commit_llm.model.parameters import Parameter, declare, map_declared

AXES = ("data", "fsdp", "tensor")

# Logical axis of a parameter or an activation -> mesh axes. None is whole. A name that is not here raises.
RULES: dict[str, str | tuple[str, ...] | None] = {
    "layers": None,
    "norm": None,
    "embed": "fsdp",
    "vocab": "tensor",
    "heads": "tensor",
    "mlp": "tensor",
    "batch": ("data", "fsdp"),
    "batch_before_fsdp": "data",  # while the embedding, split along fsdp, is looked up
}


def make_mesh(sizes: str, devices: Sequence[Any] | None = None) -> Mesh:
    """A mesh from `data,fsdp,tensor` sizes, of which one may be -1 (all that is left).

    Raises UserError where the text is no such list or the sizes do not use every device.
    """
    devices = jax.devices() if devices is None else devices
    try:
        shape = [int(size) for size in sizes.split(",")]
    except ValueError:
        shape = []
    if len(shape) != 3 or shape.count(-1) > 1 or any(size < 1 and size != -1 for size in shape):
        raise UserError(f"--mesh {sizes!r}: give three sizes data,fsdp,tensor, one of which may be -1, as in 1,-1,1")
    known = math.prod(size for size in shape if size != -1)
    if len(devices) % known if -1 in shape else known != len(devices):
        there = f"there {'is 1' if len(devices) == 1 else f'are {len(devices)}'}"
        fault = f"{known} does not divide them" if -1 in shape else f"this makes {known}"
        raise UserError(f"--mesh {sizes!r}: {there} to lay out, and {fault}; 1,-1,1 takes all along fsdp")
    shape = [len(devices) // known if size == -1 else size for size in shape]
    return Mesh(np.asarray(devices).reshape(shape), AXES)


def parameter_shardings(config: ModelConfig, mesh: Mesh) -> dict[str, Any]:
    """A NamedSharding for every parameter; UserError names a dimension that the mesh does not divide."""

    def sharding(parameter: Parameter) -> NamedSharding:
        for size, axis in zip(parameter.shape, parameter.axes, strict=True):
            rule = RULES[axis]
            if isinstance(rule, str) and size % mesh.shape[rule]:
                raise _indivisible(rule, mesh, f"the model's {axis!r} dimension of {size}", size)
        return NamedSharding(mesh, spec_of(parameter.axes))

    for heads in (config.num_attention_heads, config.num_key_value_heads):
        if heads % mesh.shape["tensor"]:
            raise _indivisible("tensor", mesh, f"the model's {heads} heads", heads)
    return map_declared(sharding, declare(config))


def _indivisible(axis: str, mesh: Mesh, what: str, size: int) -> UserError:
    given = mesh.shape[axis]
    return UserError(f"--mesh: {axis} {given} does not divide {what}; {axis} {math.gcd(given, size)} would")


def spec_of(axes: Axes) -> PartitionSpec:
    """Where an array with these logical axes lives; KeyError for a name without a rule."""
    return PartitionSpec(*(None if axis is None else RULES[axis] for axis in axes))


@dataclass(frozen=True)
class MeshLayout(Layout):
    """The model's `Layout` on a mesh."""

    mesh: Mesh

    def constrain(self, x: Array, axes: Axes) -> Array:
        return jax.lax.with_sharding_constraint(x, NamedSharding(self.mesh, spec_of(axes)))

    def per_shard(self, function: Callable[..., Array], inputs: Sequence[Axes], output: Axes) -> Callable[..., Array]:
        specs = tuple(map(spec_of, inputs))
        return jax.shard_map(function, mesh=self.mesh, in_specs=specs, out_specs=spec_of(output), check_vma=False)


def batch_sharding(mesh: Mesh) -> NamedSharding:
    """Rows of a batch are split over data and fsdp."""
    return NamedSharding(mesh, spec_of(("batch",)))


def replicated(mesh: Mesh) -> NamedSharding:
    """The same value on every device."""
    return NamedSharding(mesh, PartitionSpec())


def place(value: Any, shardings: Any) -> Any:
    """A tree of global jax arrays from the same whole arrays in every process; each device takes its own part."""
    return jax.tree.map(_place, value, shardings)


def place_alike(value: Any, sharding: Any) -> Any:
    """`place`, with one sharding for all arrays of the tree."""
    return jax.tree.map(lambda leaf: _place(leaf, sharding), value)


def _place(leaf: Any, sharding: Any) -> jax.Array:
    host = np.asarray(leaf)
    return jax.make_array_from_callback(host.shape, sharding, lambda part: host[part])
