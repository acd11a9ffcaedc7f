"""How the decoder is run: what changes speed, memory and place, and of the results only the rounding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp

from commit_llm.model.layout import ONE_DEVICE, Layout

Remat = Literal["none", "dots", "nothing"]
# What of a layer is kept for the backward pass; "none" rematerialises nothing and keeps all.
POLICIES: dict[str, Callable[..., Any]] = {
    "dots": jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
    "nothing": jax.checkpoint_policies.nothing_saveable,
}
# reference can express everything, by_row is the same for a CPU (model/attention.py); splash for a TPU and cudnn for
# a GPU have no attention dropout (model/fast_attention.py). model/attention_choice.py chooses.
AttentionPath = Literal["reference", "by_row", "splash", "cudnn"]


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
