"""Greedy generation with a key-value cache: one prefill, then one loop that ends when all rows have.

Shapes: B rows, P prompt length (padded on the left), N new tokens, S = P + N, L layers, K, D as ever.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from commit_llm.model.attention import attend, attend_by_block, attention_mask, rotary_tables
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import block, embed, unembed
from commit_llm.model.parameters import Parameters

# (hidden states, (a layer's parameters, its cache)) to (hidden states, its new cache); of the last layer or not.
Layer = Callable[[Array, tuple[Parameters, Any], bool], tuple[Array, Any]]


@partial(jax.jit, static_argnames=("config", "max_new_tokens", "dtype", "unroll"))
def generate(
    config: ModelConfig,
    params: Parameters,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, "B"],
    is_stop: Bool[Array, "V"],
    max_new_tokens: int,
    dtype: Any = jnp.float32,
    unroll: bool = False,
) -> Int[Array, "B N"]:
    """The greedy continuation of each prompt; a row that has met a stop token goes on with -1.

    prompts are padded on the left to P; lengths (each in 1..P) are theirs without padding. The stop
    token itself is given out. is_stop says of every vocabulary entry whether it ends an answer.
    unroll, faster on a CPU: each layer is compiled by itself, and the prompts attend one row at a time.
    """
    rows, width = prompts.shape
    total = width + max_new_tokens
    pad = (width - lengths)[:, None]
    index = jnp.arange(total)[None, :]
    segment_ids = (index >= pad).astype(jnp.int32)  # padding is a segment of its own
    positions = jnp.maximum(index - pad, 0)

    def prefill_layer(x: Array, layer_and_cache: tuple[Parameters, Any], last: bool) -> tuple[Array, Any]:
        def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
            room = ((0, 0), (0, 0), (0, max_new_tokens), (0, 0))
            if last:  # only the last token of a prompt is asked for what follows it
                attended = attend(query[:, :, -1:], key, value, prompt_mask[:, :, -1:])
            else:
                attended = (_by_row if unroll else attend_by_block)(query, key, value, prompt_mask)
            return attended, (jnp.pad(key, room), jnp.pad(value, room))

        return block(config, layer_and_cache[0], x, prompt_tables, attention)

    prompt_mask = attention_mask(segment_ids[:, :width])
    prompt_tables = rotary_tables(positions[:, :width], config.head_dim, config.rope_theta)
    hidden, cache = _over_layers(config, prefill_layer, embed(params, prompts, dtype), params["layers"], None, unroll)
    first = jnp.argmax(unembed(config, params, hidden[:, -1:])[:, 0], axis=-1).astype(jnp.int32)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        count, last_token, done, cache, out = state
        here = width + count - 1  # where the token that was chosen last stands
        tables = rotary_tables((here - pad), config.head_dim, config.rope_theta)
        visible = ((index <= here) & (segment_ids == 1))[:, None, None, :]

        def decode_layer(x: Array, layer_and_cache: tuple[Parameters, Any], last: bool) -> tuple[Array, Any]:
            layer, (keys_BKSD, values_BKSD) = layer_and_cache

            def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
                new_keys = jax.lax.dynamic_update_slice_in_dim(keys_BKSD, key, here, axis=2)
                new_values = jax.lax.dynamic_update_slice_in_dim(values_BKSD, value, here, axis=2)
                return attend(query, new_keys, new_values, visible), (new_keys, new_values)

            return block(config, layer, x, tables, attention)

        x = embed(params, last_token[:, None], dtype)
        hidden, cache = _over_layers(config, decode_layer, x, params["layers"], cache, unroll)
        chosen = jnp.argmax(unembed(config, params, hidden)[:, 0], axis=-1).astype(jnp.int32)
        out = jax.lax.dynamic_update_slice_in_dim(out, jnp.where(done, -1, chosen)[:, None], count, axis=1)
        return count + 1, chosen, done | is_stop[chosen], cache, out

    def unfinished(state: tuple[Any, ...]) -> Array:
        count, _, done, *_ = state
        return (count < max_new_tokens) & ~jnp.all(done)

    out = jnp.full((rows, max_new_tokens), -1, jnp.int32).at[:, 0].set(first)
    start: tuple[Any, ...] = (jnp.int32(1), first, is_stop[first], cache, out)
    return jax.lax.while_loop(unfinished, step, start)[-1]


def _over_layers(
    config: ModelConfig, layer: Layer, x: Array, layers: Parameters, caches: Any, unroll: bool
) -> tuple[Array, Any]:
    """Scan the layers, caches stacked; or unroll them, a cache each, which is then written in place."""
    if not unroll:
        return jax.lax.scan(lambda x, layer_and_cache: layer(x, layer_and_cache, False), x, (layers, caches))
    new = []
    for number in range(config.num_hidden_layers):
        parameters = jax.tree.map(lambda stacked, number=number: stacked[number], layers)
        cache = None if caches is None else caches[number]
        x, written = layer(x, (parameters, cache), number == config.num_hidden_layers - 1)
        new.append(written)
    return x, tuple(new)


def _by_row(query: Array, key: Array, value: Array, mask: Array) -> Array:
    """`attend_by_block`, a row at a time: its scores stay in the processor's cache."""

    def one(row: tuple[Array, ...]) -> Array:
        query_HTD, key_KTD, value_KTD, mask_1TT = row
        return attend_by_block(query_HTD[None], key_KTD[None], value_KTD[None], mask_1TT[None])[0]

    return jax.lax.map(one, (query, key, value, mask))
