"""Mix in style `clean`, compiled: codemix/engine/clean.py on bytes.

Texts lie in one array of bytes; text t is data[starts[t]:ends[t]]. Example e has the texts e * fields up to
(e + 1) * fields. Output goes to one region a field, so that each field's texts come out in one piece, as Arrow wants
them.
"""

import numpy as np

from commit_llm.codemix.dictionaries.lexicon import Case
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.scan import find_words
from commit_llm.codemix.engine.kernel.utf8 import ONE, SPARE, ZERO, U, copy, fold
from commit_llm.codemix.outcome import Counts, Outcome

REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
NAME, PROTECTED, CHANGED = int(Outcome.NAME), int(Outcome.PROTECTED), len(Counts._fields) - 1
EXACT, CAPITALISED = int(Case.EXACT), int(Case.CAPITALISED)


@compiled
def mix_clean(
    classes, table, data, starts, ends, spans, first_spans, mixed, fields_key, rows, first, last, settings, names,
    scratch_place, scratch_form, scratch_names, out, region, offsets, counts,
):  # fmt: skip
    """Mix the examples first up to last in style clean, as far as their output fits.

    spans: text t's protected bytes are spans[first_spans[t]:first_spans[t + 1]].
    mixed, fields_key: of each field, whether it is mixed or only read to tell names, and the hash of its name.
    rows: the place of example e, hash64(seed, epoch, row).
    names: a zero for every form, and zeros again afterwards.
    out: bytes; field f's region begins at region[f, 0], is filled up to region[f, 1] and ends at region[f, 2].
    offsets: field f's text of example e ends at offsets[f, e + 1]. Gives the number of examples that were mixed.
    """
    by_type, all_capitals, ratio, unmixed, unmixed_key = settings
    slots, forms, form_data, targets, target_data = table
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        chance = ZERO if fold(place, unmixed_key) >> SPARE < unmixed else ratio
        # Find all words of the example, and which capitalised forms are names in it.
        word_start, word_end = scratch_place[0], scratch_place[1]
        words = 0
        for field in range(fields):
            text = example * fields + field
            count = find_words(
                classes, slots, forms, form_data, data, starts[text], ends[text], spans,
                first_spans[text], first_spans[text + 1],
                word_start[words:], word_end[words:], scratch_form[words:], scratch_names[words:],
            )  # fmt: skip
            for word in range(words, words + count):
                if scratch_names[word]:
                    names[scratch_form[word]] = 1
            scratch_place[2, field] = words
            words += count
        scratch_place[2, fields] = words
        # Decide and write, a field after the other.
        for field in range(fields):
            text = example * fields + field
            at, room = region[field, 1], region[field, 2]
            copied = starts[text]
            first_word = scratch_place[2, field]
            for word in range(first_word, scratch_place[2, field + 1] if mixed[field] else first_word):
                form = scratch_form[word]
                if form == -2:
                    counts[example, PROTECTED] += 1
                    continue
                if form == -1:
                    counts[example, NOT_IN_DICTIONARY] += 1
                    continue
                outcome = np.int64(forms[form, tables.OUTCOME])
                if outcome != NOT_DRAWN:
                    counts[example, outcome] += 1
                    continue
                case = forms[form, tables.CASE]
                if not (all_capitals or case == EXACT or (case == CAPITALISED and not names[form])):
                    counts[example, NAME] += 1
                    continue
                if by_type:
                    state = fold(place, forms[form, tables.KEY])
                else:
                    state = fold(fold(place, fields_key[field]), U(word - first_word))
                if fold(state, ZERO) >> SPARE >= chance:
                    counts[example, NOT_DRAWN] += 1
                    continue
                drawn = fold(state, ONE) >> SPARE
                target = np.int64(forms[form, tables.FIRST_TARGET])
                while drawn >= targets[target, tables.THRESHOLD]:
                    target += 1
                target_start = np.int64(targets[target, tables.TARGET_START])
                target_end = np.int64(targets[target, tables.TARGET_END])
                if at + (word_start[word] - copied) + target_end - target_start > room:
                    at = room + 1
                    break
                at = copy(data, copied, word_start[word], out, at)
                at = copy(target_data, target_start, target_end, out, at)
                copied = word_end[word]
                counts[example, REPLACED] += 1
                counts[example, CHANGED] += 1
            if at + (ends[text] - copied) > room:
                # No room: take back what this example has written and counted, and let the caller make room.
                for earlier in range(field):
                    region[earlier, 1] = offsets[earlier, example]
                counts[example, :] = 0
                forget(scratch_names, scratch_form, words, names)
                return example - first
            at = copy(data, copied, ends[text], out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
        forget(scratch_names, scratch_form, words, names)
    return last - first


@compiled
def forget(names_it, word_form, words, names):
    """Take an example's names back."""
    for word in range(words):
        if names_it[word]:
            names[word_form[word]] = 0
