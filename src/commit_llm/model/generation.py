"""Generate greedily with a key-value cache: one prefill, then one loop that ends when all rows have ended.

Shapes: B rows, P prompt length (padded on the left), N new tokens, S = P + N keys, K key-value heads, D head size,
V vocabulary.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from commit_llm.model.attention import attend, attend_by_block, attention_mask, rotary_tables
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import block, embed, unembed
from commit_llm.model.parameters import Parameters


class Endings(NamedTuple):
    """Say of each token of the vocabulary whether it ends an answer.

    at_once: it ends the answer wherever it comes, such as the end of text.
    after_text: it ends the answer once text has come, such as a newline where blank lines are passed over.
    is_text: it is text, and not white space alone.
    """

    at_once: Bool[Array | np.ndarray, "V"]
    after_text: Bool[Array | np.ndarray, "V"]
    is_text: Bool[Array | np.ndarray, "V"]


# Maps hidden states, a layer's parameters with its cache, and whether it is the last layer, to hidden states and cache.
LayerFunction = Callable[[Array, tuple[Parameters, Any], bool], tuple[Array, Any]]


@partial(jax.jit, static_argnames=("config", "max_new_tokens", "dtype", "unroll"))
def generate(
    config: ModelConfig,
    params: Parameters,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, "B"],
    endings: Endings,
    max_new_tokens: int,
    dtype: Any = jnp.float32,
    unroll: bool = False,
) -> Int[Array, "B N"]:
    """Generate the greedy continuation of each prompt: up to the token that ends it, and -1 after that.

    prompts: tokens, padded on the left to P.
    lengths: the length of each prompt without padding, in 1..P.
    endings: which tokens end an answer. A row keeps whether text has come in it.
    unroll: compile each layer by itself, and attend to the prompts one row at a time, which is faster on a CPU.
    """
    rows, width = prompts.shape
    total = width + max_new_tokens
    pad = (width - lengths)[:, None]
    index = jnp.arange(total)[None, :]
    segment_ids = (index >= pad).astype(jnp.int32)  # padding is a segment of its own
    positions = jnp.maximum(index - pad, 0)

    def prefill_layer(x: Array, layer_and_cache: tuple[Parameters, Any], last: bool) -> tuple[Array, Any]:
        def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
            padding = ((0, 0), (0, 0), (0, max_new_tokens), (0, 0))  # room for the new tokens
            if last:  # only the last token of a prompt says what follows it
                attended = attend(query[:, :, -1:], key, value, prompt_mask[:, :, -1:])
            else:
                attended = (_attend_by_row_and_block if unroll else attend_by_block)(query, key, value, prompt_mask)
            return attended, (jnp.pad(key, padding), jnp.pad(value, padding))

        return block(config, layer_and_cache[0], x, prompt_tables, attention)

    prompt_mask = attention_mask(segment_ids[:, :width])
    prompt_tables = rotary_tables(positions[:, :width], config.head_dim, config.rope_theta)
    hidden, cache = _over_layers(config, prefill_layer, embed(params, prompts, dtype), params["layers"], None, unroll)
    first = jnp.argmax(unembed(config, params, hidden[:, -1:])[:, 0], axis=-1).astype(jnp.int32)

    def step(state: tuple[Any, ...]) -> tuple[Any, ...]:
        count, last_token, begun, finished, cache, output = state
        place = width + count - 1  # of the token that was chosen last
        tables = rotary_tables((place - pad), config.head_dim, config.rope_theta)
        visible = ((index <= place) & (segment_ids == 1))[:, None, None, :]

        def decode_layer(x: Array, layer_and_cache: tuple[Parameters, Any], last: bool) -> tuple[Array, Any]:
            layer, (keys_BKSD, values_BKSD) = layer_and_cache

            def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
                new_keys = jax.lax.dynamic_update_slice_in_dim(keys_BKSD, key, place, axis=2)
                new_values = jax.lax.dynamic_update_slice_in_dim(values_BKSD, value, place, axis=2)
                return attend(query, new_keys, new_values, visible), (new_keys, new_values)

            return block(config, layer, x, tables, attention)

        x = embed(params, last_token[:, None], dtype)
        hidden, cache = _over_layers(config, decode_layer, x, params["layers"], cache, unroll)
        chosen = jnp.argmax(unembed(config, params, hidden)[:, 0], axis=-1).astype(jnp.int32)
        output = jax.lax.dynamic_update_slice_in_dim(output, jnp.where(finished, -1, chosen)[:, None], count, axis=1)
        finished |= ends(chosen, begun)
        return count + 1, chosen, begun | endings.is_text[chosen], finished, cache, output

    def ends(chosen: Array, begun: Array) -> Array:
        return endings.at_once[chosen] | (endings.after_text[chosen] & begun)

    def unfinished(state: tuple[Any, ...]) -> Array:
        count, _, _, finished, *_ = state
        return (count < max_new_tokens) & ~jnp.all(finished)

    output = jnp.full((rows, max_new_tokens), -1, jnp.int32).at[:, 0].set(first)
    nothing = jnp.zeros(rows, bool)
    start: tuple[Any, ...] = (jnp.int32(1), first, endings.is_text[first], ends(first, nothing), cache, output)
    return jax.lax.while_loop(unfinished, step, start)[-1]


def _over_layers(
    config: ModelConfig, layer: LayerFunction, x: Array, layers: Parameters, caches: Any, unroll: bool
) -> tuple[Array, Any]:
    """Scan the layers with stacked caches; or unroll them with one cache each, which is then written in place."""
    if not unroll:
        return jax.lax.scan(lambda x, layer_and_cache: layer(x, layer_and_cache, False), x, (layers, caches))
    new_caches = []
    for index in range(config.num_hidden_layers):
        parameters = jax.tree.map(lambda stacked, index=index: stacked[index], layers)
        cache = None if caches is None else caches[index]
        x, new_cache = layer(x, (parameters, cache), index == config.num_hidden_layers - 1)
        new_caches.append(new_cache)
    return x, tuple(new_caches)


def _attend_by_row_and_block(query: Array, key: Array, value: Array, mask: Array) -> Array:
    """Compute `attend_by_block` one row at a time, so that the scores stay in the processor's cache."""

    def attend_row(row: tuple[Array, ...]) -> Array:
        query_HTD, key_KTD, value_KTD, mask_1TT = row
        return attend_by_block(query_HTD[None], key_KTD[None], value_KTD[None], mask_1TT[None])[0]

    return jax.lax.map(attend_row, (query, key, value, mask))
