"""Choose the attention: the fast one where the device has it and it can express the case; and say why."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import jax.numpy as jnp

from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import AttentionPath, no_bfloat16, nvidia_capability
from commit_llm.model.fast_attention import LANES

# `device_kind` of jax is "TPU v2", "TPU v3", "TPU v4", "TPU v5 lite" (v5e), "TPU v5" (v5p), "TPU v6 lite", "TPU7x".
TPU_GENERATION = re.compile(r"TPU ?v?(\d+)")
SPLASH_GENERATION = 4  # the first TPU that the kernel compiles for
SPLASH_LARGEST_HEAD = 256
CUDNN_LARGEST_HEAD = 128
# By compute capability, where it is not that: Hopper. Some versions of jax let later GPUs pass too, but only some of
# cuDNN have the backward pass for them (jax: check_is_flash_attention; docs.nvidia.com/cudnn: Attention).
CUDNN_LARGER_HEADS = {(9, 0): 256}

FastPath = Literal["splash", "cudnn"]
# What a recipe asks for: the best path, or the reference path.
AttentionRequest = Literal["auto", "reference"]


@dataclass(frozen=True)
class AttentionChoice:
    """Hold which attention is used, and why.

    path: a value of `Execution.attention`.
    reason: a few words for the user.
    """

    path: AttentionPath
    reason: str

    def __str__(self) -> str:
        return f"attention: {self.path.replace('_', ' ')} ({self.reason})"


def choose_attention(
    config: ModelConfig,
    device: Any,
    *,
    request: AttentionRequest = "auto",
    dtype: Any,
    seq_len: int,
    attn_pdrop: float = 0.0,
    row_shards: int = 1,
) -> AttentionChoice:
    """Choose the path for a model on devices like this one, which may be absent (one of a topology).

    request: "auto" for the best path, "reference" for the reference path in any case.
    dtype: of the matrix products.
    attn_pdrop: the rate of attention dropout, in [0, 1).
    row_shards: over how many devices the rows of a batch are split.
    """
    if request == "reference":
        return AttentionChoice("reference", "asked for")
    if device.platform == "cpu":
        if row_shards == 1:
            return AttentionChoice("by_row", "a block's scores stay in a CPU's cache")
        return AttentionChoice("reference", "rows are split over CPU devices, which have no fast attention")
    fast, lack = _fast_path(device)
    obstacle = lack or _obstacle(config, fast, _largest_head(device, fast), jnp.dtype(dtype), seq_len, attn_pdrop)
    return AttentionChoice("reference", obstacle) if obstacle else AttentionChoice(fast, f"on {device.device_kind}")


def _fast_path(device: Any) -> tuple[FastPath, str | None]:
    """Give the fast attention for the platform of a device, and what the device lacks for it (None: nothing)."""
    kind = device.device_kind
    if device.platform == "tpu":
        generation = TPU_GENERATION.match(kind)
        supported = generation is not None and int(generation[1]) >= SPLASH_GENERATION
        return "splash", None if supported else f"{kind} has no splash"
    if nvidia_capability(device) is None:
        return "cudnn", f"{kind} has no cuDNN"
    return "cudnn", no_bfloat16(device) or None  # cuDNN's attention is for bfloat16, and needs what that needs


def _largest_head(device: Any, fast: FastPath) -> int:
    if fast == "splash":
        return SPLASH_LARGEST_HEAD
    capability = nvidia_capability(device)
    return CUDNN_LARGEST_HEAD if capability is None else CUDNN_LARGER_HEADS.get(capability, CUDNN_LARGEST_HEAD)


def _obstacle(
    config: ModelConfig, fast: FastPath, largest_head: int, dtype: Any, seq_len: int, attn_pdrop: float
) -> str | None:
    """Name what the fast attention cannot express; None where it can express everything."""
    if attn_pdrop > 0:
        return f"attention dropout {attn_pdrop:g} needs the weights themselves"
    if dtype != jnp.bfloat16:
        return f"{dtype.name} products are asked for; {fast} is for bfloat16"
    if fast == "cudnn" and config.attn_logit_softcapping is not None:
        return f"scores are capped at {config.attn_logit_softcapping:g}; cudnn cannot cap"
    head_dim = config.head_dim
    if head_dim > largest_head:
        return f"a head of {head_dim}; {fast} takes up to {largest_head}"
    if fast == "cudnn" and head_dim % 8:
        return f"a head of {head_dim}; cudnn takes multiples of 8"
    multiple = LANES if fast == "splash" else 2
    if seq_len % multiple:
        return f"a sequence of {seq_len}; {fast} takes multiples of {multiple}"
    return None
