"""How the model speaks of where its arrays live, without knowing of a mesh (parallel/mesh.py does)."""

from collections.abc import Callable, Sequence

from jaxtyping import Array

# A logical name for each dimension of an array; None is a dimension that is whole everywhere.
Axes = tuple[str | None, ...]


class Layout:
    """Everything is on one device, or it does not matter where; `parallel.mesh.MeshLayout` says more."""

    def constrain(self, x: Array, axes: Axes) -> Array:
        """x, living where its logical axes say."""
        return x

    def per_shard(self, function: Callable[..., Array], inputs: Sequence[Axes], output: Axes) -> Callable[..., Array]:
        """The function, run by every device on its own part of the inputs, for what XLA cannot split by itself."""
        return function


ONE_DEVICE = Layout()
