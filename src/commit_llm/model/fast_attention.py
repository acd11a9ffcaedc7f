"""Compute attention without all scores in memory: splash on a TPU, cuDNN on a GPU.

Tests compare both with `attention.attend`. Both see the keys that `attention_mask` shows. They cannot drop attention
weights, and cuDNN cannot cap scores. `attention_choice` says where each is used.

Shapes: B rows, T queries and keys, H query heads, K key-value heads, D head size.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.attention import PLAIN_SCORES, Scoring, attention_mask
from commit_llm.model.execution import ArrayLayout, Axes

LANES = 128  # of a TPU's vector unit: the blocks of splash, hence its sequences, must be multiples of it
LARGEST_BLOCK = 512  # queries or keys at a time: all kernels of a layer fit into the 16 MiB of VMEM of a v4 and a v5e
FORGOTTEN = -1  # the segment of forgotten keys: no query has it, so no query sees them
HEADS_AXES: Axes = ("batch", "heads", None, None)  # of (B, H, T, D)
ROWS_AXES: Axes = ("batch", None)  # of (B, T)


def splash_block(seq_len: int) -> int:
    """Give the largest block, up to 512, that divides a sequence; seq_len is a multiple of 128."""
    return max(block for block in range(LANES, LARGEST_BLOCK + 1, LANES) if seq_len % block == 0)


def splash_attention(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    segment_ids: Int[Array, "B T"],
    keep_keys: Bool[Array, "B T"] | None,
    layout: ArrayLayout,
    *,
    window: int | None = None,
    scoring: Scoring = PLAIN_SCORES,
    interpret: bool = False,
) -> Float[Array, "B H T D"]:
    """Compute `attend` by the Pallas kernel for TPU v4 and later; T is a multiple of 128.

    Queries and keys have segment ids of their own. This makes forgetful masking exact: a forgotten key has an id
    that no query has. The compiler does not partition a kernel, so every device runs it on its own rows and heads.
    Blocks that a window hides whole are skipped.

    interpret: run without a TPU, slowly, for tests.
    """
    from jax.experimental.pallas.ops.tpu.splash_attention import SegmentIds  # half a second, for a TPU only

    seq_len = query.shape[2]
    key_ids = segment_ids if keep_keys is None else jnp.where(keep_keys, segment_ids, FORGOTTEN)

    def attend_shard(query: Array, key: Array, value: Array, query_ids: Array, key_ids: Array) -> Array:
        kernel = _splash_kernel(query.shape[1], seq_len, window, scoring.softcap, interpret)
        multiplier = query.shape[3] ** -0.5 if scoring.multiplier is None else scoring.multiplier
        scaled = (query.astype(jnp.float32) * multiplier).astype(query.dtype)  # the kernel does not scale
        return jax.vmap(kernel)(scaled, key, value, SegmentIds(query_ids, key_ids))

    sharded = layout.per_shard(attend_shard, inputs=[*[HEADS_AXES] * 3, *[ROWS_AXES] * 2], output=HEADS_AXES)
    return sharded(query, key, value, segment_ids, key_ids)


def _splash_kernel(
    heads: int, seq_len: int, window: int | None, softcap: float | None, interpret: bool
) -> Callable[..., Any]:
    """Make the kernel for one row: causal, with one mask a head."""
    from jax.experimental.pallas.ops.tpu.splash_attention import (
        BlockSizes,
        CausalMask,
        LocalMask,
        MultiHeadMask,
        make_splash_mha,
    )

    block = splash_block(seq_len)
    sizes = BlockSizes(
        block_q=block, block_kv=block, block_q_dkv=block, block_kv_dkv=block, block_q_dq=block, block_kv_dq=block
    )
    square = (seq_len, seq_len)
    mask = CausalMask(square) if window is None else LocalMask(square, (window - 1, 0), 0)
    return make_splash_mha(
        MultiHeadMask([mask for _ in range(heads)]),
        block_sizes=sizes,
        head_shards=1,
        q_seq_shards=1,
        attn_logits_soft_cap=softcap,
        interpret=interpret,
    )


def cudnn_attention(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    segment_ids: Int[Array, "B T"],
    keep_keys: Bool[Array, "B T"] | None,
    layout: ArrayLayout,
    *,
    window: int | None = None,
    scoring: Scoring = PLAIN_SCORES,
    implementation: Literal["cudnn", "xla"] = "cudnn",
) -> Float[Array, "B H T D"]:
    """Compute `attend` by the fused kernel of cuDNN, for bf16 or fp16; raise ValueError for scores that are capped.

    cuDNN has no segments, so it reads a mask of (B, 1, T, T), which every layer makes anew. The mask takes 2 bytes a
    score, where the scores of the reference path take 4 H. Because cuDNN also learns that the mask is causal, it
    skips the half of the work that the mask hides. A window is in the mask alone: cuDNN before 9.10.2 refuses a window
    beside a mask (cudnn-frontend, sdpa_support_surface.h), and jax takes cuDNN from 9.8 on.

    implementation: "xla" goes the same way without a GPU, for tests.
    """
    if scoring.softcap is not None:
        raise ValueError(f"cudnn attention cannot cap scores, and the cap is {scoring.softcap:g}")
    key_masks = [] if keep_keys is None else [keep_keys]

    def attend_shard(query: Array, key: Array, value: Array, segment_ids: Array, *keep_keys: Array) -> Array:
        query, key, value = (x.transpose(0, 2, 1, 3) for x in (query, key, value))
        mask = attention_mask(segment_ids, keep_keys[0] if keep_keys else None, window)
        attended = jax.nn.dot_product_attention(
            query, key, value, mask=mask, scale=scoring.multiplier, is_causal=True, implementation=implementation
        )
        return attended.transpose(0, 2, 1, 3)

    inputs = [*[HEADS_AXES] * 3, ROWS_AXES, *(ROWS_AXES for _ in key_masks)]
    return layout.per_shard(attend_shard, inputs=inputs, output=HEADS_AXES)(query, key, value, segment_ids, *key_masks)
