"""Make the cases that compare a fast attention with the reference path: packed rows, padding, forgotten keys."""

import jax
import jax.numpy as jnp
import numpy as np

from commit_llm.model.attention import PLAIN_SCORES, attend, attention_mask
from commit_llm.model.execution import ONE_DEVICE


def packed(rows, seq_len):
    """Make segments and positions of rows of three examples, the second ending where a block does, and padding."""
    segments, positions = np.zeros((2, rows, seq_len), np.int32)
    for row in range(rows):
        at = 0
        for segment, length in enumerate((seq_len // 4 + row, seq_len // 4 - row, seq_len // 5), 1):
            segments[row, at : at + length], positions[row, at : at + length] = segment, np.arange(length)
            at += length
    return jnp.asarray(segments), jnp.asarray(positions)


def packed_batch(rows, seq_len, vocab_size):
    """Make a batch of random tokens in packed rows, all supervised but the padding."""
    segments, positions = packed(rows, seq_len)
    tokens = jax.random.randint(jax.random.key(1), (rows, seq_len + 1), 0, vocab_size)
    batch = {"input_tokens": tokens[:, :-1], "target_tokens": tokens[:, 1:], "segment_ids": segments}
    return batch | {"positions": positions, "loss_masks": (segments > 0).astype(jnp.float32)}


def example(heads, key_heads, seq_len, size=16, rows=2, dtype=jnp.float32, window=None):
    """Draw queries, keys, values, the output's gradient; segments; which keys stay.

    Half of the keys stay, and so many that every query sees one: all first ones, and one in each window.
    """
    keys = jax.random.split(jax.random.key(0), 5)
    shapes = [(rows, heads, seq_len, size), *[(rows, key_heads, seq_len, size)] * 2, (rows, heads, seq_len, size)]
    arrays = [jax.random.normal(key, shape, dtype) for key, shape in zip(keys, shapes, strict=False)]
    segments, positions = packed(rows, seq_len)
    stays = (positions if window is None else positions % window) == 0
    return arrays, segments, jax.random.bernoulli(keys[4], 0.5, segments.shape) | stays


def reference(query, key, value, segments, keep, layout, *, window=None, scoring=PLAIN_SCORES):
    """Attend by the reference path, with the arguments of a fast one."""
    return attend(query, key, value, attention_mask(segments, keep, window), scoring=scoring)


def program(attention, segments, keep, **options):
    """Compile a function of the arrays of `example`: its results are the output and the three gradients."""

    @jax.jit
    def run(query, key, value, output_gradient):
        output, pull = jax.vjp(lambda *args: attention(*args, segments, keep, ONE_DEVICE, **options), query, key, value)
        return output, pull(output_gradient)

    return run


def forward_and_gradients(attention, arrays, segments, keep, **options):
    """Give the output, and the gradients of queries, keys and values."""
    return program(attention, segments, keep, **options)(*arrays)
