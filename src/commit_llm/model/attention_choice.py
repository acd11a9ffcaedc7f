"""Which attention is used: the fast one where the device has it and it can express the case, and why."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp

from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import AttentionPath
from commit_llm.model.fast_attention import LANES

# device_kind is "TPU v2", "TPU v3", "TPU v4", "TPU v5 lite" (v5e), "TPU v5" (v5p), "TPU v6 lite", "TPU7x".
TPU_GENERATION = re.compile(r"TPU ?v?(\d+)")
SPLASH_GENERATION = 4  # the first that the kernel compiles for
SPLASH_LARGEST_HEAD = 256
CUDNN_LARGEST_HEAD = 128
CUDNN_CAPABILITY = (8, 0)  # Ampere, the first with bf16

Wanted = Literal["auto", "reference"]


@dataclass(frozen=True)
class Choice:
    """path is a name of `Execution.attention`, why a few words for the user."""

    path: AttentionPath
    why: str

    def __str__(self) -> str:
        return f"attention: {self.path.replace('_', ' ')} ({self.why})"


def choose_attention(
    config: ModelConfig,
    device: Any,
    *,
    wanted: Wanted = "auto",
    dtype: Any,
    seq_len: int,
    attn_pdrop: float = 0.0,
    row_shards: int = 1,
) -> Choice:
    """The path for a model on devices like this one, which need not be there (a topology's).

    dtype is that of the matrix products; row_shards says over how many devices the rows of a batch are split.
    """
    if wanted == "reference":
        return Choice("reference", "asked for")
    if device.platform == "cpu":
        if row_shards == 1:
            return Choice("by_row", "one row's scores stay in a CPU's cache")
        return Choice("reference", "rows are split over CPU devices, which have no fast attention")
    fast, missing = _of_device(device)
    obstacle = missing or _obstacle(config, fast, jnp.dtype(dtype), seq_len, attn_pdrop)
    return Choice("reference", obstacle) if obstacle else Choice(fast, f"on {device.device_kind}")


def _of_device(device: Any) -> tuple[Literal["splash", "cudnn"], str | None]:
    """The fast attention for a kind of device, and what the device lacks for it."""
    kind = device.device_kind
    if device.platform == "tpu":
        generation = TPU_GENERATION.match(kind)
        enough = generation is not None and int(generation[1]) >= SPLASH_GENERATION
        return "splash", None if enough else f"{kind} has no splash"
    capability = re.fullmatch(r"(\d+)\.(\d+)", str(getattr(device, "compute_capability", "")))
    if capability is None:  # not NVIDIA's
        return "cudnn", f"{kind} has no cuDNN"
    enough = tuple(map(int, capability.groups())) >= CUDNN_CAPABILITY
    return "cudnn", None if enough else f"compute capability {capability[0]} of {kind} is below 8.0"


def _obstacle(
    config: ModelConfig, fast: Literal["splash", "cudnn"], dtype: Any, seq_len: int, attn_pdrop: float
) -> str | None:
    """What of the case the fast attention cannot express, or None."""
    if attn_pdrop > 0:
        return f"attention dropout {attn_pdrop:g} needs the weights themselves"
    if dtype != jnp.bfloat16:
        return f"{dtype.name} products are asked for; {fast} is for bfloat16"
    size, largest = config.head_dim, SPLASH_LARGEST_HEAD if fast == "splash" else CUDNN_LARGEST_HEAD
    if size > largest:
        return f"a head of {size}; {fast} takes up to {largest}"
    if fast == "cudnn" and size % 8:
        return f"a head of {size}; cudnn takes multiples of 8"
    multiple = LANES if fast == "splash" else 2
    if seq_len % multiple:
        return f"a sequence of {seq_len}; {fast} takes multiples of {multiple}"
    return None
