"""How the decoder is run: what changes speed, memory and place, and of the results only the rounding."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

from commit_llm.model.parameters import Parameters

Remat = Literal["none", "dots", "nothing"]
# What of a layer is kept for the backward pass; "none" rematerialises nothing and keeps all.
POLICIES: dict[str, Callable[..., Any]] = {
    "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
    "nothing": jax.checkpoint_policies.nothing_saveable,
}
# reference can express everything, by_row is the same for a CPU (model/attention.py); splash for a TPU and cudnn for
# a GPU have no attention dropout (model/fast_attention.py). model/attention_choice.py chooses.
AttentionPath = Literal["reference", "by_row", "splash", "cudnn"]


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


@dataclass(frozen=True)
class Execution:
    """dtype is that of the matrix products. loss_chunk: tokens of a row whose logits are held at a time; None: all.

    unroll compiles each layer by itself, instead of one scanned layer, which is faster on a CPU. random_bits
    is the generator of the dropouts' bits, an impl of jax.random.key: "rbg" is the hardware's own where there
    is one, and four times slower than "threefry2x32" on a CPU.
    """

    dtype: Any = jnp.float32
    remat: Remat = "none"
    unroll: bool = False
    attention: AttentionPath = "reference"
    random_bits: Literal["threefry2x32", "rbg"] = "threefry2x32"
    loss_chunk: int | None = None
    layout: Layout = ONE_DEVICE


PLAIN = Execution()


def compute_dtype(name: str, platform: str | None = None) -> Any:
    """The dtype of `auto`, `float32` or `bfloat16`: auto is bfloat16 on an accelerator, float32 on a CPU.

    platform is that of the devices (by default of jax's own): cpu, gpu or tpu.
    """
    if name == "auto":
        name = "float32" if (platform or jax.default_backend()) == "cpu" else "bfloat16"
    return jnp.dtype(name)


def cast_matrices(params: Parameters, dtype: Any) -> Parameters:
    """The parameters with their matrices in the dtype of the products; norms stay fp32.

    For inference: products cast their matrices anyway, and would do so for every token.
    """

    def cast(path: tuple[Any, ...], array: jax.Array) -> jax.Array:
        return array if path[-1].key.endswith("norm") else array.astype(dtype)

    return jax.tree_util.tree_map_with_path(cast, params)
