"""Find forms in the table of a lexicon, and draw from hashes, in compiled code."""

import numpy as np

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.eights import U, load, load_some

GAMMA, MULTIPLIER_1, MULTIPLIER_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
ZERO, ONE = U(0), U(1)
SPARE = U(11)  # bits of a draw that randomness.unit_float leaves out; tables.threshold is a chance in the others
HALF, LOW_HALF = U(32), U(0xFFFFFFFF)
SEED, MULTIPLIER = U(tables.SEED), U(tables.MULTIPLIER)


@compiled
def fold(state, word):
    """randomness.fold, on uint64."""
    value = (state ^ word) + GAMMA
    value = (value ^ (value >> U(30))) * MULTIPLIER_1
    value = (value ^ (value >> U(27))) * MULTIPLIER_2
    return value ^ (value >> U(31))


@compiled
def hash_form(data, start, end):
    """Hash a form as tables.py does."""
    hashed = SEED
    while end - start > 8:
        hashed = (hashed ^ load(data, start)) * MULTIPLIER
        hashed ^= hashed >> HALF
        start += 8
    hashed = (hashed ^ load_some(data, start, end - start)) * MULTIPLIER
    return hashed ^ (hashed >> HALF)


@compiled
def find_form(slots, records, halves, hashed, data, start, end):
    """Find the form of these bytes, of which hashed is the hash: the place of its record; -1 where there is none."""
    mask = U(len(slots) - 1)
    slot = hashed & mask
    while True:
        entry = slots[slot]
        if entry == U(0):
            return -1
        if entry >> HALF == hashed >> HALF:
            record = np.int64(entry & LOW_HALF) - 1
            if halves[2 * record + tables.LENGTH] == end - start:
                word, at = record + tables.KEY_WORDS, start
                while end - at > 8 and records[word] == load(data, at):
                    at += 8
                    word += 1
                if end - at <= 8 and records[word] == load_some(data, at, end - at):
                    return record
        slot = (slot + U(1)) & mask
