"""Where a model that answers lies: on one device, or over a mesh of all devices of all processes."""

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
    """A mesh; None is one device, that of this process."""

    mesh: Mesh | None

    @classmethod
    def of(cls, sizes: str) -> "Placement":
        """From sizes data,fsdp,tensor. Raises UserError where they do not fit the devices."""
        mesh = make_mesh(sizes)
        return cls(mesh if mesh.size > 1 else None)

    def require_model(self, config: ModelConfig) -> None:
        """Raise UserError where the mesh does not divide the model."""
        if self.mesh is not None:
            parameter_shardings(config, self.mesh)

    @property
    def split(self) -> int:
        """Parts that the rows of a batch are split into; their number is a multiple of it."""
        return 1 if self.mesh is None else self.mesh.shape["data"] * self.mesh.shape["fsdp"]

    def rows_for(self, wanted: int) -> int:
        """The least number of rows, at least wanted, that can be split.

        >>> Placement(None).rows_for(3)
        3
        """
        return -(-wanted // self.split) * self.split

    def parameters(self, config: ModelConfig, params: Parameters) -> Parameters:
        """Parameters that this process has on its host, each device with its part. UserError where they do not fit."""
        if self.mesh is None:
            return jax.device_put(params, jax.local_devices()[0])
        return place(params, parameter_shardings(config, self.mesh))

    def rows(self, *arrays: np.ndarray) -> tuple[Any, ...]:
        """Arrays whose first axis is the rows of a batch."""
        return arrays if self.mesh is None else tuple(place_alike(array, batch_sharding(self.mesh)) for array in arrays)

    def everywhere(self, array: np.ndarray) -> Any:
        """An array that every device needs."""
        return array if self.mesh is None else place_alike(array, replicated(self.mesh))

    def fetched(self, result: jax.Array) -> np.ndarray:
        """The whole of a result, in every process."""
        return np.asarray(result if count() == 1 else multihost_utils.process_allgather(result, tiled=True))
