"""Attention that never holds all scores: splash on a TPU, cuDNN on a GPU, both held to `attention.attend`.

Both see what `attention_mask` lets them see: no later key, none of another segment, none forgotten. They
have no dropout of attention weights. `attention_choice` says where they are used.

Shapes: B rows, T queries and keys, H query heads, K key-value heads, D head size.
"""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.attention import attention_mask
from commit_llm.model.execution import Axes, Layout

LANES = 128  # of a TPU's vector unit: splash wants blocks, hence sequences, that are multiples of it
LARGEST_BLOCK = 512  # queries or keys at a time; all kernels of a layer fit the 16 MiB of VMEM of a v4 and a v5e
FORGOTTEN = -1  # a key with an id that no query has is seen by none
HEADS: Axes = ("batch", "heads", None, None)
ROWS: Axes = ("batch", None)


def splash_block(seq_len: int) -> int:
    """The largest block, up to 512, that divides a sequence; seq_len is a multiple of 128."""
    return max(block for block in range(LANES, LARGEST_BLOCK + 1, LANES) if seq_len % block == 0)


def splash_attention(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    segment_ids: Int[Array, "B T"],
    keep_keys: Bool[Array, "B T"] | None,
    layout: Layout,
    *,
    interpret: bool = False,
) -> Float[Array, "B H T D"]:
    """`attend` by the Pallas kernel for TPU v4 and later; T is a multiple of 128.

    Queries and keys have ids of their own, so that forgetful masking is exact: a forgotten key has an id that
    no query has. A kernel is not partitioned by the compiler, so every device runs it on its own rows and
    heads. interpret runs it without a TPU, slowly: for tests.
    """
    from jax.experimental.pallas.ops.tpu.splash_attention import SegmentIds  # half a second, for a TPU only

    seq_len = query.shape[2]
    key_ids = segment_ids if keep_keys is None else jnp.where(keep_keys, segment_ids, FORGOTTEN)

    def of_shard(query: Array, key: Array, value: Array, query_ids: Array, key_ids: Array) -> Array:
        kernel = _splash_kernel(query.shape[1], seq_len, interpret)
        scaled = (query.astype(jnp.float32) * query.shape[3] ** -0.5).astype(query.dtype)  # the kernel does not scale
        return jax.vmap(kernel)(scaled, key, value, SegmentIds(query_ids, key_ids))

    sharded = layout.per_shard(of_shard, inputs=[HEADS, HEADS, HEADS, ROWS, ROWS], output=HEADS)
    return sharded(query, key, value, segment_ids, key_ids)


def _splash_kernel(heads: int, seq_len: int, interpret: bool) -> Callable[..., Any]:
    from jax.experimental.pallas.ops.tpu.splash_attention import (
        BlockSizes,
        CausalMask,
        MultiHeadMask,
        make_splash_mha,
    )

    block = splash_block(seq_len)
    sizes = BlockSizes(
        block_q=block, block_kv=block, block_q_dkv=block, block_kv_dkv=block, block_q_dq=block, block_kv_dq=block
    )
    causal = MultiHeadMask([CausalMask((seq_len, seq_len)) for _ in range(heads)])
    return make_splash_mha(causal, block_sizes=sizes, head_shards=1, q_seq_shards=1, interpret=interpret)


def cudnn_attention(
    query: Float[Array, "B H T D"],
    key: Float[Array, "B K T D"],
    value: Float[Array, "B K T D"],
    segment_ids: Int[Array, "B T"],
    keep_keys: Bool[Array, "B T"] | None,
    layout: Layout,
    *,
    implementation: Literal["cudnn", "xla"] = "cudnn",
) -> Float[Array, "B H T D"]:
    """`attend` by cuDNN's fused kernel, for bf16 or fp16 and heads of up to 128, multiples of 8.

    cuDNN knows no segments, so it reads a mask of (B, 1, T, T), made anew in every layer, of 2 bytes a score
    where the reference path's scores take 4 H; told that the mask is causal too, it leaves out the other half
    of the work. implementation "xla" takes the same way without a GPU: for tests.
    """
    forgetful = [] if keep_keys is None else [keep_keys]

    def of_shard(query: Array, key: Array, value: Array, segment_ids: Array, *keep_keys: Array) -> Array:
        query, key, value = (x.transpose(0, 2, 1, 3) for x in (query, key, value))
        mask = attention_mask(segment_ids, *keep_keys)
        attended = jax.nn.dot_product_attention(
            query, key, value, mask=mask, is_causal=True, implementation=implementation
        )
        return attended.transpose(0, 2, 1, 3)

    inputs = [HEADS, HEADS, HEADS, ROWS, *(ROWS for _ in forgetful)]
    return layout.per_shard(of_shard, inputs=inputs, output=HEADS)(query, key, value, segment_ids, *forgetful)
