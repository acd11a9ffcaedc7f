"""Mix in style `original`, compiled: codemix/engine/original.py on bytes."""

import numpy as np

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.lookup import find_form
from commit_llm.codemix.engine.kernel.utf8 import (
    FNV_OFFSET,
    FNV_PRIME,
    ONE,
    SPARE,
    ZERO,
    U,
    copy,
    decode,
    fold,
    hash_bytes,
)
from commit_llm.codemix.outcome import Counts, Outcome

LOW_HALF = U(0xFFFFFFFF)
REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
CHANGED = len(Counts._fields) - 1


@compiled
def mix_original(
    skipped, table, data, starts, ends, mixed, fields_key, rows, first, last, settings, out, region, offsets, counts
):  # fmt: skip
    """Mix as `mix_clean` does, by the rules of original.py. skipped: whether code point c is peeled off."""
    _, _, ratio, unmixed, unmixed_key = settings
    slots, forms, form_data, targets, target_data = table
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        chance = ZERO if fold(place, unmixed_key) >> SPARE < unmixed else ratio
        for field in range(fields):
            text = example * fields + field
            start, end = starts[text], ends[text]
            at, room = region[field, 1], region[field, 2]
            fits = at + (end - start) <= room
            key = fold(ZERO, fold(place, fields_key[field]))
            position, here = 0, start if mixed[field] else end + 1
            while fits and here <= end:
                # A piece is copied, and its core hashed, as it is read. There is room for all of the text that follows.
                shift = at - here
                word_start, word_end = -1, -1
                hashed, hashed_word = FNV_OFFSET, FNV_OFFSET
                while here < end and data[here] != 32:
                    if data[here] < 0x80:
                        point, behind = np.int64(data[here]), here + 1
                        out[here + shift] = data[here]
                    else:
                        point, behind = decode(data, here)
                        copy(data, here, behind, out, here + shift)
                    if word_start < 0 and not skipped[point]:
                        word_start = here
                    if word_start >= 0:
                        hashed = (hashed ^ U(data[here])) * FNV_PRIME
                        if behind > here + 1:
                            hashed = hash_bytes(hashed, data, here + 1, behind)
                        if not skipped[point]:
                            word_end, hashed_word = behind, hashed
                    here = behind
                at = here + shift
                if word_start >= 0:
                    form = find_form(slots, forms, form_data, hashed_word, data, word_start, word_end)
                    if form < 0:
                        counts[example, NOT_IN_DICTIONARY] += 1
                    else:
                        state = fold(key, U(position))
                        if fold(state, ZERO) >> SPARE >= chance:
                            counts[example, NOT_DRAWN] += 1
                        else:
                            choices = forms[form, tables.LAST_TARGET] - forms[form, tables.FIRST_TARGET]
                            bits = fold(state, ONE)
                            # The upper 64 bits of bits * choices.
                            low = (bits & LOW_HALF) * choices
                            drawn = ((bits >> U(32)) * choices + (low >> U(32))) >> U(32)
                            target = np.int64(forms[form, tables.FIRST_TARGET] + drawn)
                            target_start = np.int64(targets[target, tables.TARGET_START])
                            target_end = np.int64(targets[target, tables.TARGET_END])
                            length = target_end - target_start
                            if word_start + shift + length + (end - word_end) > room:
                                fits = False
                                break
                            at = copy(target_data, target_start, target_end, out, word_start + shift)
                            at = copy(data, word_end, here, out, at)
                            counts[example, REPLACED] += 1
                            counts[example, CHANGED] += np.int64(targets[target, tables.CHANGES])
                if here < end:
                    out[at] = 32
                    at += 1
                position += 1
                here += 1
            if not fits:
                for earlier in range(field):
                    region[earlier, 1] = offsets[earlier, example]
                counts[example, :] = 0
                return example - first
            if not mixed[field]:
                at = copy(data, start, end, out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
    return last - first
