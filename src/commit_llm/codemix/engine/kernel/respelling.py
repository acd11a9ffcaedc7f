"""Look up the words that are not in the dictionary as they stand, in other spellings: Lexicon.find, in compiled code.

Python compares composed forms (NFC). Here decomposed ones (NFD) are compared, which say the same and need less.
"""

import numpy as np

from commit_llm.codemix.engine import canonical
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import decode, is_ascii
from commit_llm.codemix.engine.kernel.lookup import find_form, hash_form

CLASS = canonical.MAY_CHANGE - 1
FLAGS = canonical.MAY_CHANGE | canonical.RESPELT
DECOMPOSES, RESPELT = canonical.DECOMPOSES, canonical.RESPELT
HANGUL, HANGUL_END, LEADS, VOWELS, TAILS = (
    canonical.HANGUL, canonical.HANGUL_END, canonical.LEADS, canonical.VOWELS, canonical.TAILS,
)  # fmt: skip
SYLLABLES, TAIL_COUNT = canonical.VOWEL_COUNT * canonical.TAIL_COUNT, canonical.TAIL_COUNT


@compiled
def may_be_respelt(about, data, start, end):
    """Say whether a word may have another spelling than the one in which it stands."""
    if is_ascii(data, start, end):
        return False
    before = np.int64(0)
    at = start
    while at < end:
        if data[at] < 0x80:
            before = np.int64(0)
            at += 1
            continue
        point, at = decode(data, at)
        known = np.int64(about[point])
        if known & FLAGS or 0 < known & CLASS < before:
            return True
        before = known & CLASS
    return False


@compiled_apart
def find_respelt(equivalence, slots, records, halves, data, start, end):
    """Find the form of a word by its decomposed form, and then by its spelling; -1 where there is none."""
    about, decomposed, starts, parts, respelt, spelt = equivalence
    points = np.empty(2 * (end - start), np.int32)  # of a byte come one and a half at most
    encoded = np.empty(4 * len(points), np.uint8)
    changes = True
    for respells in (False, True):
        if not changes:
            return -1
        changes = False
        count = 0
        at = start
        while at < end:
            point, at = decode(data, at)
            known = about[point]
            if known & RESPELT:
                changes = True
                if respells:
                    point = np.int64(spelt[place_of(respelt, point)])
                    if point < 0:
                        continue
            if not known & DECOMPOSES:
                points[count] = point
                count += 1
            elif HANGUL <= point < HANGUL_END:
                number = point - HANGUL
                points[count] = LEADS + number // SYLLABLES
                points[count + 1] = VOWELS + number % SYLLABLES // TAIL_COUNT
                points[count + 2] = TAILS + number % TAIL_COUNT
                count += 2 if number % TAIL_COUNT == 0 else 3
            else:
                place = place_of(decomposed, point)
                for part in range(starts[place], starts[place + 1]):
                    points[count] = parts[part]
                    count += 1
        order(about, points, count)
        length = encode(points, count, encoded)
        if length:
            form = find_form(slots, records, halves, hash_form(encoded, 0, length), encoded, 0, length)
            if form >= 0:
                return form
    return -1


@compiled_apart
def place_of(row, value):
    """Find a value in a row of rising ones, in which it is."""
    first, last = 0, len(row) - 1
    while first < last:
        middle = (first + last + 1) >> 1
        if row[middle] <= value:
            first = middle
        else:
            last = middle - 1
    return first


@compiled_apart
def order(about, points, count):
    """Put marks into canonical order: each row of them by their classes, equal ones as they stand."""
    ordered = np.empty(count, np.int32)
    first = 0
    while first < count:
        last = first
        falls = False
        before = 0
        while last < count and about[points[last]] & CLASS:
            falls |= about[points[last]] & CLASS < before
            before = about[points[last]] & CLASS
            last += 1
        if falls:
            places = np.zeros(CLASS + 2, np.int64)  # of each class, and then of its next mark
            for n in range(first, last):
                places[(about[points[n]] & CLASS) + 1] += 1
            for kind in range(CLASS + 1):
                places[kind + 1] += places[kind]
            for n in range(first, last):
                kind = about[points[n]] & CLASS
                ordered[first + places[kind]] = points[n]
                places[kind] += 1
            for n in range(first, last):
                points[n] = ordered[n]
        first = last + 1


@compiled_apart
def encode(points, count, out):
    """Write code points in UTF-8; gives the number of bytes."""
    at = 0
    for n in range(count):
        point = points[n]
        if point < 0x80:
            out[at] = point
            at += 1
            continue
        more = 1 if point < 0x800 else 2 if point < 0x10000 else 3
        out[at] = (0xFF << (7 - more)) & 0xFF | point >> 6 * more
        for n in range(more):
            out[at + 1 + n] = 0x80 | (point >> 6 * (more - 1 - n)) & 0x3F
        at += 1 + more
    return at
