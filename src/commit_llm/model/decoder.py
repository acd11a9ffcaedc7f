"""Compute the LLaMA decoder: pre-norm RMSNorm, rotary attention, SwiGLU, no biases, layers stacked.

Shapes: B rows, T tokens, E hidden size, F the width of all heads together, H heads, D head size, V vocabulary;
I and O are the input and output width of any kernel.
Every matrix product flattens (B, T) first, which XLA on a CPU runs a fifth faster.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from commit_llm.model.attention import attend, attend_by_row, attention_mask, rotary_tables, rotate
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import ONE_DEVICE, PLAIN, REMAT_POLICIES, ArrayLayout, Axes, Execution
from commit_llm.model.fast_attention import cudnn_attention, splash_attention
from commit_llm.model.parameters import Parameters
from commit_llm.model.regularisation import Regularisation, attention_dropout, dropout, forgetful_keys

HIDDEN_AXES: Axes = ("batch", None, None)  # of hidden states (B, T, E)
FAST_ATTENTION: dict[str, Callable[..., Array]] = {"splash": splash_attention, "cudnn": cudnn_attention}
NO_REGULARISATION = Regularisation()
# Maps queries, keys (both already rotated) and values to the attended queries and what `block` returns beside them.
AttentionFunction = Callable[[Array, Array, Array], tuple[Array, Any]]


def rms_norm(x: Float[Array, "... E"], scale: Float[Array, "E"], eps: float) -> Float[Array, "... E"]:
    """Compute x / sqrt(mean(x^2) + eps) * scale, in fp32 (Zhang and Sennrich, 2019)."""
    x_fp32 = x.astype(jnp.float32)
    normed = x_fp32 * jax.lax.rsqrt(jnp.mean(x_fp32 * x_fp32, axis=-1, keepdims=True) + eps)
    return (normed * scale).astype(x.dtype)


def project(x: Float[Array, "B T I"], kernel: Float[Array, "I O"]) -> Float[Array, "B T O"]:
    """Compute x @ kernel in the dtype of x, over flattened rows."""
    flat = x.reshape(-1, x.shape[-1]) @ kernel.astype(x.dtype)
    return flat.reshape(*x.shape[:-1], kernel.shape[-1])


def split_heads(x_BTF: Array, head_dim: int) -> Array:
    """Turn (B, T, H * D) into (B, H, T, D)."""
    return x_BTF.reshape(*x_BTF.shape[:2], -1, head_dim).transpose(0, 2, 1, 3)


def merge_heads(x_BHTD: Array) -> Array:
    """Turn (B, H, T, D) into (B, T, H * D), the inverse of `split_heads`."""
    return x_BHTD.transpose(0, 2, 1, 3).reshape(x_BHTD.shape[0], x_BHTD.shape[2], -1)


def feed_forward(layer: Parameters, normed_BTE: Array) -> Array:
    """Compute SwiGLU: down(silu(gate(x)) * up(x)) (Shazeer, 2020)."""
    return project(jax.nn.silu(project(normed_BTE, layer["gate"])) * project(normed_BTE, layer["up"]), layer["down"])


def block(
    config: ModelConfig,
    layer: Parameters,
    x_BTE: Array,
    tables: tuple[Array, Array],
    attention: AttentionFunction,
    drop: Callable[[Array, int], Array] = lambda x, branch: x,
) -> tuple[Array, Any]:
    """Compute one layer: its output (B, T, E), and what the attention gives beside its own (a cache, or None).

    Where the attention gives only its last N queries, the output is that of the last N tokens.

    layer: the parameters of this layer.
    tables: cos and sin of `rotary_tables`.
    drop: the dropout of a residual branch; its number is 0 for the attention and 1 for the feed-forward.
    """
    normed = rms_norm(x_BTE, layer["attention_norm"], config.rms_norm_eps)
    query, key, value = (
        split_heads(project(normed, layer[name]), config.head_dim) for name in ("query", "key", "value")
    )
    attended, cache = attention(rotate(query, *tables), rotate(key, *tables), value)
    x_BTE = x_BTE[:, -attended.shape[2] :] + drop(project(merge_heads(attended), layer["output"]), 0)
    normed = rms_norm(x_BTE, layer["mlp_norm"], config.rms_norm_eps)
    return x_BTE + drop(feed_forward(layer, normed), 1), cache


def embed(
    params: Parameters, tokens: Int[Array, "B T"], dtype: Any, layout: ArrayLayout = ONE_DEVICE
) -> Float[Array, "B T E"]:
    """Look up the embeddings of tokens, in the dtype of the matrix products.

    Each device looks up its own slice of the embedding for the rows of all devices along fsdp. Then the devices
    exchange these slices, because tokens are cheap to send and the embedding is not.
    """
    slices = params["embedding"][layout.constrain(tokens, ("batch_before_fsdp", None))].astype(dtype)
    return layout.constrain(layout.constrain(slices, ("batch_before_fsdp", None, "embed")), HIDDEN_AXES)


def final_norm(config: ModelConfig, params: Parameters, hidden_BTE: Array) -> Float[Array, "B T E"]:
    """Normalise the hidden states of the last layer for the head."""
    return rms_norm(hidden_BTE, params["final_norm"], config.rms_norm_eps)


def head_matrix(config: ModelConfig, params: Parameters) -> Float[Array, "E V"]:
    """Give the matrix of the head: its own parameter, or the transposed embedding where the two are tied."""
    head = head_parameter(config, params)
    return head.T if config.tie_word_embeddings else head


def head_parameter(config: ModelConfig, params: Parameters) -> Float[Array, "E V"] | Float[Array, "V E"]:
    """Give the parameter that the head's matrix is made of: the embedding, V E, where the two are tied."""
    return params["embedding" if config.tie_word_embeddings else "head"]


def unembed(config: ModelConfig, params: Parameters, hidden_BTE: Array) -> Float[Array, "B T V"]:
    """Compute fp32 logits of the hidden states of the last layer, before the final norm."""
    normed = final_norm(config, params, hidden_BTE)
    head = head_matrix(config, params).astype(normed.dtype)
    flat = jnp.matmul(normed.reshape(-1, normed.shape[-1]), head, preferred_element_type=jnp.float32)
    return flat.reshape(*normed.shape[:-1], -1)


def hidden_states(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    segment_ids: Int[Array, "B T"],
    positions: Int[Array, "B T"],
    *,
    execution: Execution = PLAIN,
    regularisation: Regularisation = NO_REGULARISATION,
    dropout_key: jax.Array | None = None,
) -> Float[Array, "B T E"]:
    """Compute the hidden states after the last layer, before the final norm.

    Raise ValueError for attention dropout where the attention of the execution cannot do it.

    segment_ids: the number of each token's segment, from 1; 0 for padding.
    positions: the number of each token in its segment, from 0.
    dropout_key: the source of all noise; None, as in evaluation, turns off dropout and forgetful masking.
    """
    rates, layout, fast_attention = regularisation, execution.layout, FAST_ATTENTION.get(execution.attention)
    if fast_attention is not None and rates.attn_pdrop > 0:
        raise ValueError(f"{execution.attention} attention has no dropout, and attn_pdrop is {rates.attn_pdrop}")
    embd_key, fcm_key, layer_key = (None,) * 3 if dropout_key is None else jax.random.split(dropout_key, 3)
    keep_keys = None
    if fcm_key is not None and rates.fcm_max_ratio > 0:
        keep_keys = forgetful_keys(fcm_key, segment_ids, positions, rates.fcm_min_ratio, rates.fcm_max_ratio)
    mask = attention_mask(segment_ids, keep_keys)
    tables = rotary_tables(positions, config.head_dim, config.rope_theta)

    def layer_block(x_BTE: Array, layer: Parameters, index: Array) -> Array:
        keys = None if layer_key is None else jax.random.split(jax.random.fold_in(layer_key, index), 3)

        def attention(query: Array, key: Array, value: Array) -> tuple[Array, None]:
            if fast_attention is not None:
                return fast_attention(query, key, value, segment_ids, keep_keys, layout), None
            keep_weights, keep_probability = None, 1.0
            if keys is not None and rates.attn_pdrop > 0:
                weights_shape = (*query.shape[:3], key.shape[2])
                keep_weights, keep_probability = attention_dropout(keys[2], rates, weights_shape, layout)
            reference = attend_by_row if execution.attention == "by_row" else attend
            return reference(query, key, value, mask, keep_weights, keep_probability), None

        def drop(x: Array, branch: int) -> Array:
            return dropout(x, rates.resid_pdrop, None if keys is None else keys[branch], layout)

        return layout.constrain(block(config, layer, x_BTE, tables, attention, drop)[0], HIDDEN_AXES)

    if execution.remat != "none":
        layer_block = jax.checkpoint(layer_block, policy=REMAT_POLICIES[execution.remat])

    def scan_layer(x_BTE: Array, layer_and_index: tuple[Parameters, Array]) -> tuple[Array, None]:
        return layer_block(x_BTE, *layer_and_index), None

    x = dropout(embed(params, tokens, execution.dtype, layout), rates.embd_pdrop, embd_key, layout)
    num_layers = config.num_hidden_layers
    layers_and_indices = (params["layers"], jnp.arange(num_layers))
    return jax.lax.scan(scan_layer, x, layers_and_indices, unroll=num_layers if execution.unroll else 1)[0]


def forward(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    segment_ids: Int[Array, "B T"] | None = None,
    positions: Int[Array, "B T"] | None = None,
    **options: Any,
) -> Float[Array, "B T V"]:
    """Compute fp32 logits. By default each row is one segment from position 0.

    options: the keyword arguments of `hidden_states`.
    """
    if segment_ids is None:
        segment_ids = jnp.ones_like(tokens)
    if positions is None:
        positions = jnp.broadcast_to(jnp.arange(tokens.shape[1]), tokens.shape)
    return unembed(config, params, hidden_states(config, params, tokens, segment_ids, positions, **options))
