"""Compute the log-probabilities of several continuations of one prompt, which is computed once.

A row holds prompts, each with the continuations that follow it, one after another. Such a row is a forest: a token sees
the tokens before it of its own stretch, and those of the stretch that its own continues.

              prompt 1   continuations    prompt 2   continuation   padding
tokens        a  b  c    d e    f         g  h       i              -
segment_ids   1  1  1    2 2    3         4  4       5              0
parent_ids    1  1  1    1 1    1         4  4       4              0
positions     0  1  2    3 4    3         0  1       2              0

Shapes: B rows, T tokens, N log-probabilities, C of them at a time, E hidden size.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from commit_llm.model.attention import attend_by_block
from commit_llm.model.block import block, scoring_of
from commit_llm.model.choice_by_kind import by_kind, kind_numbers, windows_of_kinds
from commit_llm.model.config import ModelConfig
from commit_llm.model.decoder import embed
from commit_llm.model.head import unembed
from commit_llm.model.parameters import Parameters
from commit_llm.model.rotary import tables_of_kinds
from commit_llm.model.row_attention import attend_by_row

CHUNK = 256  # log-probabilities whose logits are in memory at a time; their number is a multiple of it


def tree_mask(
    segment_ids: Int[Array, "B T"],
    parent_ids: Int[Array, "B T"],
    positions: Int[Array, "B T"],
    window: int | None = None,
) -> Bool[Array, "B 1 T T"]:
    """Say which keys (last axis) each query sees: of the places up to its own, those of its segment and its parent.

    window: of those, only so many by their positions, the query's own and those before it; None: all.

    >>> forest = [[1, 1, 2, 3]], [[1, 1, 1, 1]], [[0, 1, 2, 2]]
    >>> print(tree_mask(*map(jnp.array, forest))[0, 0].astype(int))
    [[1 0 0 0]
     [1 1 0 0]
     [1 1 1 0]
     [1 1 0 1]]
    """
    keys = segment_ids[:, None, :]
    in_sight = (segment_ids[:, :, None] == keys) | (parent_ids[:, :, None] == keys)
    causal_TT = jnp.tril(jnp.ones((segment_ids.shape[1],) * 2, bool))
    if window is not None:
        in_sight &= positions[:, :, None] - positions[:, None, :] < window
    return (causal_TT & in_sight)[:, None]


@partial(jax.jit, static_argnames=("config", "dtype", "by_row"))
def tree_log_probabilities(
    config: ModelConfig,
    params: Parameters,
    tokens: Int[Array, "B T"],
    segment_ids: Int[Array, "B T"],
    parent_ids: Int[Array, "B T"],
    positions: Int[Array, "B T"],
    places: Int[Array, "N"],
    targets: Int[Array, "N"],
    dtype: Any = jnp.float32,
    by_row: bool = False,
) -> Float[Array, "N"]:
    """Give the natural log of the probability of each target after the token at its place.

    segment_ids: the number of each token's stretch, from 1; 0 for padding.
    parent_ids: the number of the stretch that it continues; its own where it continues none.
    positions: the number of each token in its text, from 0.
    places: of tokens in the flattened rows. N is a multiple of CHUNK.
    by_row: attend one row at a time, which is faster on a CPU that has all rows.
    """
    windows = windows_of_kinds(config, tokens.shape[1])
    masks = {window: tree_mask(segment_ids, parent_ids, positions, window) for window in dict.fromkeys(windows)}
    mask_of = by_kind([masks[window] for window in windows])
    tables_of = by_kind(tables_of_kinds(config, positions))
    scoring = scoring_of(config)
    attend = attend_by_row if by_row else attend_by_block

    def layer_block(x_BTE: Array, layer_and_kind: tuple[Parameters, Array]) -> tuple[Array, None]:
        layer, kind = layer_and_kind

        def attention(query: Array, key: Array, value: Array) -> tuple[Array, None]:
            return attend(query, key, value, mask_of(kind), scoring=scoring), None

        return block(config, layer, x_BTE, tables_of(kind), attention)

    layers_and_kinds = (params["layers"], jnp.array(kind_numbers(config)))
    hidden_BTE, _ = jax.lax.scan(layer_block, embed(config, params, tokens, dtype), layers_and_kinds)
    hidden_NE = hidden_BTE.reshape(-1, hidden_BTE.shape[-1])[places]

    def of_chunk(chunk: tuple[Array, Array]) -> Array:
        hidden_CE, targets_C = chunk
        logits = unembed(config, params, hidden_CE[None])[0]
        chosen = jnp.take_along_axis(logits, targets_C[:, None], axis=-1)[:, 0]
        return chosen - jax.nn.logsumexp(logits, axis=-1)

    chunks = hidden_NE.reshape(-1, CHUNK, hidden_NE.shape[-1]), targets.reshape(-1, CHUNK)
    return jax.lax.map(of_chunk, chunks).reshape(-1)
