"""Mix in style `original`, compiled: codemix/engine/original.py on bytes."""

import numpy as np

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import ONES, U, copy, decode, find_byte, is_same
from commit_llm.codemix.engine.kernel.lookup import HALF, LOW_HALF, ONE, SPARE, ZERO, fold, hash_form
from commit_llm.codemix.engine.kernel.scan import NOT_THERE, look_up
from commit_llm.codemix.outcome import Counts, Outcome

SPACES = ONES * U(ord(" "))
REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
CHANGED = Counts._fields.index("changed")


@compiled_apart
def mix_original(
    skipped, table, data, starts, ends, mixed, fields_key, rows, first, last, settings, words, out, region, offsets,
    counts,
):  # fmt: skip
    """Mix as `mix_clean` does, by the rules of original.py. skipped: whether code point c is peeled off."""
    _, _, ratio, _, unmixed, unmixed_key = settings
    _, _, halves, octets, _, _ = table
    word_starts, word_ends, _, places, _, positions = words
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        chance = ZERO if fold(place, unmixed_key) >> SPARE < unmixed else ratio
        for field in range(fields):
            text = example * fields + field
            end = ends[text]
            at, room, copied = region[field, 1], region[field, 2], starts[text]
            key = fold(ZERO, fold(place, fields_key[field]))
            count = cut_at_spaces(skipped, data, copied, end, words) if mixed[field] else 0
            look_up(table, data, words, count)
            for word in range(count):
                record = places[word]
                if record == NOT_THERE:
                    counts[example, NOT_IN_DICTIONARY] += 1
                    continue
                state = fold(key, U(positions[word]))
                if fold(state, ZERO) >> SPARE >= chance:
                    counts[example, NOT_DRAWN] += 1
                    continue
                # The upper 64 bits of bits * choices.
                bits, choices = fold(state, ONE), U(halves[2 * record + tables.TARGETS])
                low = (bits & LOW_HALF) * choices
                drawn = np.int64(((bits >> HALF) * choices + (low >> HALF)) >> HALF)
                length = np.int64(halves[2 * record + tables.LENGTH])
                target = record + tables.KEY_WORDS + ((length + 7) >> 3) + tables.TARGET_WORDS * drawn
                target_start = 8 * record + np.int64(halves[2 * target + tables.TARGET_START])
                target_end = 8 * record + np.int64(halves[2 * target + tables.TARGET_END])
                word_start = word_starts[word]
                if at + (word_start - copied) + target_end - target_start > room:
                    at = room + 1
                    break
                at = copy(data, copied, word_start, out, at)
                at = copy(octets, target_start, target_end, out, at)
                copied = word_ends[word]
                counts[example, REPLACED] += 1
                counts[example, CHANGED] += not is_same(octets, target_start, target_end, data, word_start, copied)
            if at + (end - copied) > room:
                for earlier in range(field):
                    region[earlier, 1] = offsets[earlier, example]
                counts[example, :] = 0
                return example - first
            at = copy(data, copied, end, out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
    return last - first


@compiled_apart
def cut_at_spaces(skipped, data, at, end, words):
    """Find the words of a text, and hash them; gives their number."""
    starts, ends, hashes, places, _, positions = words
    count = position = 0
    while at <= end:
        space = find_byte(data, at, end, SPACES)
        word_start, word_end = peel(skipped, data, at, space)
        if word_start < word_end:
            starts[count], ends[count] = word_start, word_end
            hashes[count] = hash_form(data, word_start, word_end)
            places[count], positions[count] = NOT_THERE, position
            count += 1
        position += 1
        at = space + 1
    return count


@compiled
def peel(skipped, data, start, end):
    """Tell where the word of a piece begins and ends, as original.core does."""
    while start < end:
        point, behind = decode(data, start)
        if not skipped[point]:
            break
        start = behind
    while start < end:
        at = end - 1
        while data[at] & 0xC0 == 0x80:
            at -= 1
        point, _ = decode(data, at)
        if not skipped[point]:
            break
        end = at
    return start, end
