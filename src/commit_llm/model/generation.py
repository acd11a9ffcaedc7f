"""Generate with a key-value cache: one prefill, then one loop that ends when all rows have ended.

`generate` does both at once; `begin` and `proceed` are the same in steps, for who looks at tokens as they come.

Shapes: B rows, P prompt length (padded on the left), N new tokens, S = P + N keys, K key-value heads, D head size,
V vocabulary.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from commit_llm.model.attention import attend, attend_by_block, masks_of_kinds
from commit_llm.model.block import block, scoring_of
from commit_llm.model.choice_by_kind import KindNumber, by_kind, kind_numbers, windows_of_kinds
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import embed
from commit_llm.model.head import unembed
from commit_llm.model.parameters import Parameters
from commit_llm.model.rotary import tables_of_kinds
from commit_llm.model.row_attention import attend_by_row
from commit_llm.model.sampling import Sampling, choose


class Endings(NamedTuple):
    """Say of each token of the vocabulary whether it ends an answer.

    at_once: it ends the answer wherever it comes, such as the end of text.
    after_text: it ends the answer once text has come, such as a newline where blank lines are passed over.
    is_text: it is text, and not white space alone.
    """

    at_once: Bool[Array | np.ndarray, "V"]
    after_text: Bool[Array | np.ndarray, "V"]
    is_text: Bool[Array | np.ndarray, "V"]


class Layer(NamedTuple):
    """Hold one layer, or all of them stacked: its parameters, its cache (None before there is one), its kind."""

    parameters: Parameters
    cache: Any
    kind: KindNumber


# Maps hidden states, a layer, and whether it is the last one, to hidden states and the layer's new cache.
LayerFunction = Callable[[Array, Layer, bool], tuple[Array, Any]]


class GenerationState(NamedTuple):
    """Hold answers under way.

    written: tokens that each row has, those after its end too.
    last_token: of each row.
    begun: whether text has come in a row.
    finished: whether a row has ended.
    cache: keys and values, with room for all new tokens.
    output: the new tokens, -1 after the end of a row and where none is yet.
    """

    written: Int[Array, ""]
    last_token: Int[Array, "B"]
    begun: Bool[Array, "B"]
    finished: Bool[Array, "B"]
    cache: Any
    output: Int[Array, "B N"]


STATIC = ("config", "max_new_tokens", "dtype", "unroll")


@partial(jax.jit, static_argnames=STATIC)
def generate(
    config: ModelConfig,
    params: Parameters,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, "B"],
    endings: Endings,
    max_new_tokens: int,
    dtype: Any = jnp.float32,
    unroll: bool = False,
    sampling: Sampling | None = None,
) -> Int[Array, "B N"]:
    """Generate the continuation of each prompt: up to the token that ends it, and -1 after that.

    prompts: tokens, padded on the left to P.
    lengths: the length of each prompt without padding, in 1..P.
    endings: which tokens end an answer. A row keeps whether text has come in it.
    unroll: compile each layer by itself, and attend to the prompts one row at a time, which is faster on a CPU.
    sampling: how tokens are drawn; None for the likeliest ones.
    """
    state = _begun(config, params, prompts, lengths, endings, max_new_tokens, dtype, unroll, sampling)
    return _continued(config, params, state, lengths, endings, max_new_tokens, dtype, unroll, sampling).output


@partial(jax.jit, static_argnames=STATIC)
def begin(
    config: ModelConfig,
    params: Parameters,
    prompts: Int[Array, "B P"],
    lengths: Int[Array, "B"],
    endings: Endings,
    max_new_tokens: int,
    dtype: Any = jnp.float32,
    unroll: bool = False,
    sampling: Sampling | None = None,
) -> GenerationState:
    """Read the prompts and choose the first token of each answer. The arguments are those of `generate`."""
    return _begun(config, params, prompts, lengths, endings, max_new_tokens, dtype, unroll, sampling)


@partial(jax.jit, static_argnames=("config", "dtype", "unroll"), donate_argnames="state")
def proceed(
    config: ModelConfig,
    params: Parameters,
    state: GenerationState,
    lengths: Int[Array, "B"],
    endings: Endings,
    until: Int[Array | np.ndarray, ""],
    dtype: Any = jnp.float32,
    unroll: bool = False,
    sampling: Sampling | None = None,
) -> GenerationState:
    """Go on with answers up to so many tokens, or to their end; the state is given up. It is compiled once for all.

    until: at most the max_new_tokens that they were begun with.
    """
    return _continued(config, params, state, lengths, endings, until, dtype, unroll, sampling)


def _begun(
    config: ModelConfig,
    params: Parameters,
    prompts: Array,
    lengths: Array,
    endings: Endings,
    max_new_tokens: int,
    dtype: Any,
    unroll: bool,
    sampling: Sampling | None,
) -> GenerationState:
    rows, width = prompts.shape
    segment_ids, positions = _places(lengths, width, width + max_new_tokens)
    windows, scoring = windows_of_kinds(config, width + max_new_tokens), scoring_of(config)

    def prefill_layer(x: Array, layer: Layer, last: bool) -> tuple[Array, Any]:
        prompt_mask = prompt_mask_of(layer.kind)

        def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
            padding = ((0, 0), (0, 0), (0, max_new_tokens), (0, 0))  # room for the new tokens
            if last:  # only the last token of a prompt says what follows it
                attended = attend(query[:, :, -1:], key, value, prompt_mask[:, :, -1:], scoring=scoring)
            else:
                attended = (attend_by_row if unroll else attend_by_block)(
                    query, key, value, prompt_mask, scoring=scoring
                )
            return attended, (jnp.pad(key, padding), jnp.pad(value, padding))

        return block(config, layer.parameters, x, prompt_tables_of(layer.kind), attention)

    prompt_mask_of = by_kind(masks_of_kinds(windows, segment_ids[:, :width]))
    prompt_tables_of = by_kind(tables_of_kinds(config, positions[:, :width]))
    embedded = embed(config, params, prompts, dtype)
    hidden, cache = _over_layers(config, prefill_layer, embedded, params["layers"], None, unroll)
    first = choose(unembed(config, params, hidden[:, -1:])[:, 0], jnp.int32(0), sampling)
    output = jnp.full((rows, max_new_tokens), -1, jnp.int32).at[:, 0].set(first)
    finished = _ends(endings, first, jnp.zeros(rows, bool))
    return GenerationState(jnp.int32(1), first, endings.is_text[first], finished, cache, output)


def _continued(
    config: ModelConfig,
    params: Parameters,
    state: GenerationState,
    lengths: Array,
    endings: Endings,
    until: Any,
    dtype: Any,
    unroll: bool,
    sampling: Sampling | None,
) -> GenerationState:
    total = jax.tree.leaves(state.cache)[0].shape[-2]
    width = total - state.output.shape[1]
    index = jnp.arange(total)[None, :]
    pad = (width - lengths)[:, None]
    segment_ids, _ = _places(lengths, width, total)
    windows, scoring = windows_of_kinds(config, total), scoring_of(config)

    def step(state: GenerationState) -> GenerationState:
        count, last_token, begun, finished, cache, output = state
        place = width + count - 1  # of the token that was chosen last
        tables_of = by_kind(tables_of_kinds(config, place - pad))
        visible = (index <= place) & (segment_ids == 1)
        visible_of = by_kind(_within_windows(visible, place - index, windows))

        def decode_layer(x: Array, layer: Layer, last: bool) -> tuple[Array, Any]:
            keys_BKSD, values_BKSD = layer.cache

            def attention(query: Array, key: Array, value: Array) -> tuple[Array, tuple[Array, Array]]:
                new_keys = jax.lax.dynamic_update_slice_in_dim(keys_BKSD, key, place, axis=2)
                new_values = jax.lax.dynamic_update_slice_in_dim(values_BKSD, value, place, axis=2)
                attended = attend(query, new_keys, new_values, visible_of(layer.kind), scoring=scoring)
                return attended, (new_keys, new_values)

            return block(config, layer.parameters, x, tables_of(layer.kind), attention)

        x = embed(config, params, last_token[:, None], dtype)
        hidden, cache = _over_layers(config, decode_layer, x, params["layers"], cache, unroll)
        chosen = choose(unembed(config, params, hidden)[:, 0], count, sampling)
        output = jax.lax.dynamic_update_slice_in_dim(output, jnp.where(finished, -1, chosen)[:, None], count, axis=1)
        finished |= _ends(endings, chosen, begun)
        return GenerationState(count + 1, chosen, begun | endings.is_text[chosen], finished, cache, output)

    def unfinished(state: GenerationState) -> Array:
        return (state.written < until) & ~jnp.all(state.finished)

    return jax.lax.while_loop(unfinished, step, state)


def _places(lengths: Array, width: int, total: int) -> tuple[Array, Array]:
    """Give the segment of each place of each row, in which padding is a segment of its own, and its position."""
    index = jnp.arange(total)[None, :]
    pad = (width - lengths)[:, None]
    return (index >= pad).astype(jnp.int32), jnp.maximum(index - pad, 0)


def _ends(endings: Endings, chosen: Array, begun: Array) -> Array:
    return endings.at_once[chosen] | (endings.after_text[chosen] & begun)


def _within_windows(
    visible_BS: Bool[Array, "B S"], distances: Int[Array, "1 S"], windows: Sequence[int | None]
) -> list[Bool[Array, "B 1 1 S"]]:
    """Give for each window which keys the one query sees; those of the same window are one array.

    distances: how many tokens each key stands before the query.
    """
    masks = {
        window: (visible_BS if window is None else visible_BS & (distances < window))[:, None, None, :]
        for window in dict.fromkeys(windows)
    }
    return [masks[window] for window in windows]


def _over_layers(
    config: ModelConfig, function: LayerFunction, x: Array, layers: Parameters, caches: Any, unroll: bool
) -> tuple[Array, Any]:
    """Scan the layers with stacked caches; or unroll them with one cache each, which is then written in place."""
    kinds = kind_numbers(config)
    if not unroll:
        stacked = Layer(layers, caches, jnp.array(kinds))
        return jax.lax.scan(lambda x, layer: function(x, layer, False), x, stacked)
    new_caches = []
    for index, kind in enumerate(kinds):
        parameters = jax.tree.map(lambda stacked, index=index: stacked[index], layers)
        cache = None if caches is None else caches[index]
        x, new_cache = function(x, Layer(parameters, cache, kind), index == config.num_hidden_layers - 1)
        new_caches.append(new_cache)
    return x, tuple(new_caches)
