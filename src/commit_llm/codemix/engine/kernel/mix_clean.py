"""Mix in style `clean`, compiled: codemix/engine/clean.py on bytes.

Texts lie in one array of bytes; text t is data[starts[t]:ends[t]]. Example e has the texts e * fields up to
(e + 1) * fields. Output goes to one region a field, so that each field's texts come out in one piece, as Arrow wants
them.
"""

import numpy as np

from commit_llm.codemix.dictionaries.case import Case
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled_apart
from commit_llm.codemix.engine.kernel.eights import U, copy
from commit_llm.codemix.engine.kernel.lookup import ONE, SPARE, ZERO, fold
from commit_llm.codemix.engine.kernel.scan import NOT_THERE, UNTOUCHED, find_words, look_up, look_up_respelt
from commit_llm.codemix.outcome import Counts, Outcome

REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
NAME, PROTECTED, CHANGED = int(Outcome.NAME), int(Outcome.PROTECTED), Counts._fields.index("changed")
EXACT, CAPITALISED = int(Case.EXACT), int(Case.CAPITALISED)


@compiled_apart
def mix_clean(
    classes, equivalence, table, data, starts, ends, spans, first_spans, mixed, fields_key, rows, first, last,
    settings, names, words, first_words, out, region, offsets, counts,
):  # fmt: skip
    """Mix the examples first up to last in style clean, as far as their output fits.

    spans: text t's protected bytes are spans[first_spans[t]:first_spans[t + 1]].
    mixed, fields_key: of each field, whether it is mixed or only read to tell names, and the hash of its name.
    rows: the place of example e, hash64(seed, epoch, row).
    names: a zero for every entry, and zeros again afterwards.
    words, first_words: room for the words of an example, and for the number of each field's first one.
    out: bytes; field f's region begins at region[f, 0], is filled up to region[f, 1] and ends at region[f, 2]; behind
        that come SLACK bytes, which are nobody's.
    offsets: field f's text of example e ends at offsets[f, e + 1]. Gives the number of examples that were mixed.
    """
    by_type, all_capitals, ratio, unmixed, unmixed_key = settings
    _, records, halves, octets, _ = table
    word_starts, word_ends, _, places, _, _ = words
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        chance = ZERO if fold(place, unmixed_key) >> SPARE < unmixed else ratio
        count = 0
        for field in range(fields):
            text = example * fields + field
            first_words[field] = count
            count = find_words(
                classes, data, starts[text], ends[text], spans, first_spans[text], first_spans[text + 1], words, count
            )
        first_words[fields] = count
        look_up(table, data, words, count)
        look_up_respelt(equivalence, table, data, words, count)
        mark_names(halves, words, count, names, 1)
        # Decide and write, a field after the other.
        for field in range(fields):
            text = example * fields + field
            at, room = region[field, 1], region[field, 2]
            copied = starts[text]
            first_word = first_words[field]
            for word in range(first_word, first_words[field + 1] if mixed[field] else first_word):
                record = places[word]
                if record == UNTOUCHED:
                    counts[example, PROTECTED] += 1
                    continue
                if record == NOT_THERE:
                    counts[example, NOT_IN_DICTIONARY] += 1
                    continue
                kind = np.int64(halves[2 * record + tables.KIND])
                if kind & 7 != NOT_DRAWN:
                    counts[example, kind & 7] += 1
                    continue
                case, entry = kind >> 3, halves[2 * record + tables.ENTRY]
                if not (all_capitals or case == EXACT or (case == CAPITALISED and not names[entry])):
                    counts[example, NAME] += 1
                    continue
                if by_type:
                    state = fold(place, records[record])
                else:
                    state = fold(fold(place, fields_key[field]), U(word - first_word))
                if fold(state, ZERO) >> SPARE >= chance:
                    counts[example, NOT_DRAWN] += 1
                    continue
                drawn = fold(state, ONE) >> SPARE
                target = record + tables.KEY_WORDS + ((np.int64(halves[2 * record + tables.LENGTH]) + 7) >> 3)
                while drawn >= records[target]:
                    target += tables.TARGET_WORDS
                target_start = 8 * record + np.int64(halves[2 * target + tables.TARGET_START])
                target_end = 8 * record + np.int64(halves[2 * target + tables.TARGET_END])
                if at + (word_starts[word] - copied) + target_end - target_start > room:
                    at = room + 1
                    break
                at = copy(data, copied, word_starts[word], out, at)
                at = copy(octets, target_start, target_end, out, at)
                copied = word_ends[word]
                counts[example, REPLACED] += 1
                counts[example, CHANGED] += 1
            if at + (ends[text] - copied) > room:
                # No room: take back what this example has written and counted, and let the caller make room.
                for earlier in range(field):
                    region[earlier, 1] = offsets[earlier, example]
                counts[example, :] = 0
                mark_names(halves, words, count, names, 0)
                return example - first
            at = copy(data, copied, ends[text], out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
        mark_names(halves, words, count, names, 0)
    return last - first


@compiled_apart
def mark_names(halves, words, count, names, mark):
    """Mark the entries that are names in an example: capitalised within a sentence."""
    _, _, _, places, opens, _ = words
    for word in range(count):
        record = places[word]
        if not opens[word] and record >= 0 and halves[2 * record + tables.KIND] >> 3 == CAPITALISED:
            names[halves[2 * record + tables.ENTRY]] = mark
