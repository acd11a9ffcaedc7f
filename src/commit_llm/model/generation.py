"""Greedy generation with a key-value cache: one prefill, then one loop that ends when all rows have.

Shapes: B rows, P prompt length (padded on the left), N new tokens, S = P + N, L layers, K, D as ever.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

from commit_llm.model.attention import attend, attention_mask, rotary_tables
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import block, embed, unembed
from commit_llm.model.parameters import Parameters


@partial(jax.jit, static_argnames=("config", "max_new_tokens", "dtype"))
def generate(
    config: ModelConfig,
    params: Parameters,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, "B"],
    is_stop: Bool[Array, "V"],
    max_new_tokens: int,
    dtype: Any = jnp.float32,
) -> Int[Array, "B N"]:
    """The greedy continuation of each prompt; a row that has met a stop token goes on with -1.

    prompts are padded on the left to P; lengths (each in 1..P) are theirs without padding. The stop
    token itself is given out. is_stop says of every vocabulary entry whether it ends an answer.
    """
    rows, width = prompts.shape
    total = width + max_new_tokens
    pad = (width - lengths)[:, None]
    index = jnp.arange(total)[None, :]
    segment_ids = (index >= pad).astype(jnp.int32)  # padding is a segment of its own
    positions = jnp.maximum(index - pad, 0)

    def prefill_layer(x: Array, layer: Parameters) -> tuple[Array, tuple[Array, Array]]:
        def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
            room = ((0, 0), (0, 0), (0, max_new_tokens), (0, 0))
            return attend(query, key, value, prompt_mask), (jnp.pad(key, room), jnp.pad(value, room))

        return block(config, layer, x, prompt_tables, attention)

    prompt_mask = attention_mask(segment_ids[:, :width])
    prompt_tables = rotary_tables(positions[:, :width], config.head_dim, config.rope_theta)
    hidden, cache = jax.lax.scan(prefill_layer, embed(params, prompts, dtype), params["layers"])
    first = jnp.argmax(unembed(config, params, hidden[:, -1:])[:, 0], axis=-1).astype(jnp.int32)

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        count, last, done, keys, values, out = state
        here = width + count - 1  # where the token that was chosen last stands
        tables = rotary_tables((here - pad), config.head_dim, config.rope_theta)
        visible = ((index <= here) & (segment_ids == 1))[:, None, None, :]

        def decode_layer(x: Array, layer_and_cache: tuple[Parameters, Array, Array]) -> tuple[Array, Any]:
            layer, keys_BKSD, values_BKSD = layer_and_cache

            def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
                new_keys = jax.lax.dynamic_update_slice_in_dim(keys_BKSD, key, here, axis=2)
                new_values = jax.lax.dynamic_update_slice_in_dim(values_BKSD, value, here, axis=2)
                return attend(query, new_keys, new_values, visible), (new_keys, new_values)

            return block(config, layer, x, tables, attention)

        hidden, (keys, values) = jax.lax.scan(
            decode_layer, embed(params, last[:, None], dtype), (params["layers"], keys, values)
        )
        chosen = jnp.argmax(unembed(config, params, hidden)[:, 0], axis=-1).astype(jnp.int32)
        out = jax.lax.dynamic_update_slice_in_dim(out, jnp.where(done, -1, chosen)[:, None], count, axis=1)
        return count + 1, chosen, done | is_stop[chosen], keys, values, out

    def unfinished(state: tuple[Array, ...]) -> Array:
        count, _, done, *_ = state
        return (count < max_new_tokens) & ~jnp.all(done)

    out = jnp.full((rows, max_new_tokens), -1, jnp.int32).at[:, 0].set(first)
    start: tuple[Array, ...] = (jnp.int32(1), first, is_stop[first], *cache, out)
    return jax.lax.while_loop(unfinished, step, start)[-1]
