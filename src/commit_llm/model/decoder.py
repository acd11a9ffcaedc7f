"""Compute the decoder: embedding, stacked layers, final norm and head.

Shapes: B rows, T tokens, E hidden size, V vocabulary.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from commit_llm.model.attention import attend, masks_of_kinds
from commit_llm.model.block import block, scoring_of
from commit_llm.model.choice_by_kind import by_kind, call_of_kind, kind_numbers, windows_of_kinds
from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import ONE_DEVICE, PLAIN, REMAT_POLICIES, ArrayLayout, Axes, Execution
from commit_llm.model.fast_attention import cudnn_attention, splash_attention
from commit_llm.model.head import unembed
from commit_llm.model.parameters import Parameters
from commit_llm.model.regularisation import Regularisation, attention_dropout, dropout, forgetful_keys
from commit_llm.model.rotary import tables_of_kinds
from commit_llm.model.row_attention import attend_by_row

HIDDEN_AXES: Axes = ("batch", None, None)  # of hidden states (B, T, E)
FAST_ATTENTION: dict[str, Callable[..., Array]] = {"splash": splash_attention, "cudnn": cudnn_attention}
NO_REGULARISATION = Regularisation()


def embed(
    config: ModelConfig, params: Parameters, tokens: Int[Array, "B T"], dtype: Any, layout: ArrayLayout = ONE_DEVICE
) -> Float[Array, "B T E"]:
    """Look up the embeddings of tokens, in the dtype of the matrix products.

    Each device looks up its own slice of the embedding for the rows of all devices along fsdp. Then the devices
    exchange these slices, because tokens are cheap to send and the embedding is not.
    """
    tokens, embedding = layout.constrain(tokens, ("batch_before_fsdp", None)), params["embedding"]
    if embedding.dtype == jnp.float32:
        slices = embedding[tokens].astype(dtype)
    else:
        slices = _look_up(embedding, tokens, dtype, layout)
    if config.embedding_multiplier != 1.0:  # rounded as the models were trained with it (reference: Gemma)
        slices = slices * jnp.asarray(config.embedding_multiplier, dtype)
    return layout.constrain(layout.constrain(slices, ("batch_before_fsdp", None, "embed")), HIDDEN_AXES)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _look_up(
    embedding: Float[Array, "V E"], tokens: Int[Array, "B T"], dtype: Any, layout: ArrayLayout
) -> Float[Array, "B T E"]:
    """Look up rows of an embedding in bf16, whose gradient is summed in fp32 and rounded once.

    jax's own gradient is summed in bf16, where a token that comes often soon adds nothing more.
    """
    return embedding[tokens].astype(dtype)


def _look_up_forward(embedding: Array, tokens: Array, dtype: Any, layout: ArrayLayout) -> tuple[Array, Any]:
    return _look_up(embedding, tokens, dtype, layout), (embedding, tokens)


def _look_up_backward(
    dtype: Any, layout: ArrayLayout, looked_up: tuple[Array, Array], of_slices: Array
) -> tuple[Array, None]:
    embedding, tokens = looked_up
    zeros = layout.constrain(jnp.zeros(embedding.shape, jnp.float32), ("vocab", "embed"))
    return zeros.at[tokens].add(of_slices.astype(jnp.float32)).astype(embedding.dtype), None


_look_up.defvjp(_look_up_forward, _look_up_backward)


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
    windows, scoring = windows_of_kinds(config, tokens.shape[1]), scoring_of(config)
    mask_of = by_kind(masks_of_kinds(windows, segment_ids, keep_keys))
    tables_of = by_kind(tables_of_kinds(config, positions))
    kinds = jnp.array(kind_numbers(config))

    @cache
    def fast_with(window: int | None) -> Callable[[Array, Array, Array], Array]:
        assert fast_attention is not None
        return lambda query, key, value: fast_attention(
            query, key, value, segment_ids, keep_keys, layout, window=window, scoring=scoring
        )

    def layer_block(x_BTE: Array, layer: Parameters, index: Array) -> Array:
        keys = None if layer_key is None else jax.random.split(jax.random.fold_in(layer_key, index), 3)
        kind = kinds[index]

        def attention(query: Array, key: Array, value: Array) -> tuple[Array, None]:
            if fast_attention is not None:
                return call_of_kind([fast_with(window) for window in windows], kind, query, key, value), None
            keep_weights, keep_probability = None, 1.0
            if keys is not None and rates.attn_pdrop > 0:
                weights_shape = (*query.shape[:3], key.shape[2])
                keep_weights, keep_probability = attention_dropout(keys[2], rates, weights_shape, layout)
            reference = attend_by_row if execution.attention == "by_row" else attend
            return reference(query, key, value, mask_of(kind), keep_weights, keep_probability, scoring), None

        def drop(x: Array, branch: int) -> Array:
            return dropout(x, rates.resid_pdrop, None if keys is None else keys[branch], layout)

        return layout.constrain(block(config, layer, x_BTE, tables_of(kind), attention, drop)[0], HIDDEN_AXES)

    if execution.remat != "none":
        layer_block = jax.checkpoint(layer_block, policy=REMAT_POLICIES[execution.remat])

    def scan_layer(x_BTE: Array, layer_and_index: tuple[Parameters, Array]) -> tuple[Array, None]:
        return layer_block(x_BTE, *layer_and_index), None

    x = dropout(embed(config, params, tokens, execution.dtype, layout), rates.embd_pdrop, embd_key, layout)
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
