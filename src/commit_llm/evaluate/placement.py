"""Where the parameters of an answering model are: on one device, or over a mesh of all devices."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import Parameters
from commit_llm.parallel.mesh import batch_sharding, make_mesh, parameter_shardings, place, place_alike, replicated
from commit_llm.parallel.processes import count


@dataclass(frozen=True)
class Placement:
    """Place arrays on the devices.

    mesh: over the devices of all processes. None for one device, the first of this process.
    """

    mesh: Mesh | None

    @classmethod
    def of(cls, sizes: str) -> "Placement":
        """Make the mesh of the sizes data,fsdp,tensor. Raises UserError where they do not fit the devices."""
        mesh = make_mesh(sizes)
        return cls(mesh if mesh.size > 1 else None)

    def require_model(self, config: ModelConfig) -> None:
        """Raise UserError where the mesh does not divide the model."""
        if self.mesh is not None:
            parameter_shardings(config, self.mesh)

    @property
    def split(self) -> int:
        """Give the number of parts that a batch is split into. The number of its rows is a multiple of it."""
        return 1 if self.mesh is None else self.mesh.shape["data"] * self.mesh.shape["fsdp"]

    def rows_for(self, rows: int) -> int:
        """Round a number of rows up to the next one that can be split.

        >>> Placement(None).rows_for(3)
        3
        """
        return -(-rows // self.split) * self.split

    def parameters(self, config: ModelConfig, params: Parameters) -> Parameters:
        """Give each device its part of parameters that are on the host. Raises UserError where they do not divide."""
        if self.mesh is None:
            return jax.device_put(params, jax.local_devices()[0])
        return place(params, parameter_shardings(config, self.mesh))

    def rows(self, *arrays: np.ndarray) -> tuple[Any, ...]:
        """Split arrays whose first axis is the rows of a batch."""
        return arrays if self.mesh is None else tuple(place_alike(array, batch_sharding(self.mesh)) for array in arrays)

    def everywhere(self, array: Any) -> Any:
        """Give every device the whole of an array."""
        return array if self.mesh is None else place_alike(array, replicated(self.mesh))

    def fetched(self, result: jax.Array) -> np.ndarray:
        """Bring the whole of a result to every process."""
        return np.asarray(result if count() == 1 else multihost_utils.process_allgather(result, tiled=True))
