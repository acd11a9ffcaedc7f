"""Describe how the decoder runs: settings of speed, memory and placement, which change results only by rounding."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array

Remat = Literal["none", "dots", "nothing"]
# What a layer keeps for the backward pass. "none" rematerialises nothing: it keeps everything.
REMAT_POLICIES: dict[str, Callable[..., Any]] = {
    "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
    "nothing": jax.checkpoint_policies.nothing_saveable,
}
# "reference" can express every case, and "by_row" is the same for a CPU (model/row_attention.py). "splash" for a TPU
# and "cudnn" for a GPU have no attention dropout (model/fast_attention.py). model/attention_choice.py chooses one.
AttentionPath = Literal["reference", "by_row", "splash", "cudnn"]

# A logical name for each dimension of an array. None stands for a dimension that every device has whole.
Axes = tuple[str | None, ...]


class ArrayLayout:
    """Leave arrays where they are: one device has everything. `parallel.mesh.MeshLayout` spreads them over a mesh."""

    def constrain(self, x: Array, axes: Axes) -> Array:
        """Give x, placed as its logical axes say."""
        return x

    def per_shard(self, function: Callable[..., Array], inputs: Sequence[Axes], output: Axes) -> Callable[..., Array]:
        """Let every device run a function on its own part of the inputs, where XLA cannot split the function itself."""
        return function


ONE_DEVICE = ArrayLayout()


@dataclass(frozen=True)
class Execution:
    """Hold the settings of a run of the decoder.

    dtype: of the matrix products.
    remat: what the backward pass computes again (REMAT_POLICIES).
    unroll: compile each layer by itself instead of one scanned layer, which is faster on a CPU.
    attention: which implementation of attention runs.
    random_bits: the generator of the dropouts, an `impl` of jax.random.key; "rbg" uses the hardware's own generator
        where there is one, and is four times slower than "threefry2x32" on a CPU.
    loss_chunk: the logits of how many tokens of each row are in memory at a time; None: of all.
    layout: where arrays are placed.
    """

    dtype: Any = jnp.float32
    remat: Remat = "none"
    unroll: bool = False
    attention: AttentionPath = "reference"
    random_bits: Literal["threefry2x32", "rbg"] = "threefry2x32"
    loss_chunk: int | None = None
    layout: ArrayLayout = ONE_DEVICE


PLAIN = Execution()
BFLOAT16_CAPABILITY = (8, 0)  # Ampere, the first GPU of NVIDIA that multiplies in bfloat16


def compute_dtype(name: str, device: Any = None) -> Any:
    """Give the dtype of the matrix products for `auto`, `float32` or `bfloat16`.

    `auto` is bfloat16 on an accelerator, and float32 on a CPU and where `no_bfloat16` says why.

    device: one of jax, or one that is absent; None is the first of jax's default devices.
    """
    if name == "auto":
        device = jax.devices()[0] if device is None else device
        name = "float32" if device.platform == "cpu" or no_bfloat16(device) else "bfloat16"
    return jnp.dtype(name)


def no_bfloat16(device: Any) -> str:
    """Say why an accelerator does not multiply in bfloat16; "" for one that does, and for a CPU.

    XLA would convert the numbers to float32 there, and round each result.
    """
    capability = nvidia_capability(device)
    if capability is None or capability >= BFLOAT16_CAPABILITY:
        return ""
    needed = ".".join(map(str, BFLOAT16_CAPABILITY))
    return f"compute capability {device.compute_capability} of {device.device_kind} is below {needed}"


def dtype_reason(name: str, device: Any) -> str:
    """Say in a few words why the products are float32 where bfloat16 could be expected; "" where nothing is to say."""
    lack = no_bfloat16(device)
    return f"{'auto' if name == 'auto' else 'by way of float32'}: {lack}" if lack and name != "float32" else ""


def nvidia_capability(device: Any) -> tuple[int, int] | None:
    """Give NVIDIA's compute capability of a device, (9, 0) for Hopper; None where it is no GPU of NVIDIA."""
    capability = re.fullmatch(r"(\d+)\.(\d+)", str(getattr(device, "compute_capability", "")))
    return None if capability is None else (int(capability[1]), int(capability[2]))
