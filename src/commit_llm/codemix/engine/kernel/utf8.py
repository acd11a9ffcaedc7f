"""Read, hash and copy UTF-8, and draw from hashes, in compiled code.

Integers are uint64 wherever they are hashes: Numba makes a float of uint64 and int64 together.
"""

import numpy as np

from commit_llm.codemix.engine.kernel.compiling import compiled

U = np.uint64
GAMMA, MULTIPLIER_1, MULTIPLIER_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
FNV_OFFSET, FNV_PRIME = U(0xCBF29CE484222325), U(0x100000001B3)
ZERO, ONE = U(0), U(1)
SPARE = U(11)  # bits of a draw that randomness.unit_float leaves out; tables.threshold is a chance in the others


@compiled
def fold(state, word):
    """randomness.fold, on uint64."""
    value = (state ^ word) + GAMMA
    value = (value ^ (value >> U(30))) * MULTIPLIER_1
    value = (value ^ (value >> U(27))) * MULTIPLIER_2
    return value ^ (value >> U(31))


@compiled
def decode(data, at):
    """Give the code point at a byte of valid UTF-8, and the byte behind it."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    upper = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return upper | (np.int64(data[at + 2]) & 0x3F) << 6 | (data[at + 3] & 0x3F), at + 4


@compiled
def hash_bytes(hashed, data, start, end):
    """Go on with an FNV-1a hash over some bytes."""
    for at in range(start, end):
        hashed = (hashed ^ U(data[at])) * FNV_PRIME
    return hashed


@compiled
def copy(data, start, end, out, at):
    """Copy bytes; gives the place behind them."""
    for n in range(end - start):
        out[at + n] = data[start + n]
    return at + end - start
