"""Mix in style `clean`, compiled: codemix/engine/clean.py on bytes.

Texts lie in one array of bytes; text t is data[starts[t]:ends[t]]. Example e has the texts e * fields up to
(e + 1) * fields. Output goes to one region a field, so that each field's texts come out in one piece, as Arrow wants
them.
"""

import numpy as np

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.compiling import compiled_apart
from commit_llm.codemix.engine.kernel.deciding import (
    ANSWER,
    CAPITALISED,
    CHANGED,
    NAME,
    NOT_DRAWN,
    NOT_IN_DICTIONARY,
    PROTECTED,
    REPLACED,
    draw_target,
    outcome_of,
    write_units,
)
from commit_llm.codemix.engine.kernel.eights import U, copy
from commit_llm.codemix.engine.kernel.keep_answer import keep_answer, stands_elsewhere
from commit_llm.codemix.engine.kernel.lookup import SPARE, ZERO, fold
from commit_llm.codemix.engine.kernel.scan import UNTOUCHED, find_words, look_up, look_up_respelt
from commit_llm.codemix.engine.kernel.units import LENGTHS, RECORD, find_phrases, find_sentences

HIDDEN = -4  # less a record: that of a word which is kept, in place of the record


@compiled_apart
def mix_clean(
    classes, equivalence, both_tables, data, starts, ends, spans, first_spans, mixed, annotated, output, fields_key,
    rows, first, last, settings, marks, words, breaks, units, first_words, out, region, offsets, counts,
):  # fmt: skip
    """Mix the examples first up to last in style clean, as far as their output fits.

    both_tables: of words, and of sentences.
    spans: text t's protected bytes are spans[first_spans[t]:first_spans[t + 1]].
    mixed, annotated, fields_key: of each field, whether it is mixed or only read to tell names, whether its words are
        annotated, and the hash of its name.
    output: the number of the field whose text is to be found in others; -1 where there is none.
    rows: the place of example e, hash64(seed, epoch, row).
    marks: a zero for every entry, and zeros again afterwards.
    words, breaks, units, first_words: room for the words of an example, for where its sentences begin, for its phrases
        and sentences, and for the number of each field's first word. Where words alone are replaced, units is None:
        what follows from that is known when this is compiled, and takes neither time nor compiling.
    out: bytes; field f's region begins at region[f, 0], is filled up to region[f, 1] and ends at region[f, 2]; behind
        that come SLACK bytes, which are nobody's.
    offsets: field f's text of example e ends at offsets[f, e + 1]. Gives the number of examples that were mixed.
    """
    table, sentence_table = both_tables
    by_type, all_capitals, ratio, sentence_ratio, unmixed, unmixed_key = settings
    _, records, halves, octets, _, _ = table
    word_starts, word_ends, _, places, _, _ = words
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        stays = fold(place, unmixed_key) >> SPARE < unmixed
        chance, sentence_chance = (ZERO, ZERO) if stays else (ratio, sentence_ratio)
        count = broken = number = np.int64(0)  # as literals they had types of their own
        for field in range(fields):
            text = example * fields + field
            first_words[field] = count
            first_break = broken
            count, broken = find_words(
                classes, data, starts[text], ends[text], spans, first_spans[text], first_spans[text + 1], words, count,
                breaks, broken,
            )  # fmt: skip
            if units is not None:
                units.first_sentences[field] = number
            if breaks is not None:  # a condition by itself: what it rules out is not compiled
                if mixed[field]:
                    number = find_sentences(
                        classes, equivalence, sentence_table, data, starts[text], ends[text], breaks, first_break,
                        broken, first_words[field], count, spans, first_spans[text], first_spans[text + 1], words,
                        units, number,
                    )  # fmt: skip
        first_words[fields] = count
        look_up(table, data, words, count)
        look_up_respelt(equivalence, table, data, words, count)
        mark_names(halves, words, count, marks, NAME)
        if units is not None:
            units.first_sentences[fields] = number
        if units is not None and len(table.beginnings) > 1:
            for field in range(fields):
                find_phrases(
                    classes, equivalence, table, data, first_words[field], first_words[field + 1], words, units
                )
            mark_phrase_names(halves, words, count, units, marks)
        any_kept = False
        if output >= 0 and stands_elsewhere(data, starts, ends, example * fields, fields, output):
            any_kept = keep_answer(
                classes, both_tables, data, starts, ends, example * fields, fields, mixed, annotated, output, words,
                first_words, units, marks,
            )  # fmt: skip
            if units is None and any_kept:
                hide_kept(halves, words, count, all_capitals, marks)
        # Decide and write, a field after the other.
        for field in range(fields):
            text = example * fields + field
            at, room = region[field, 1], region[field, 2]
            copied = starts[text]
            first_word = first_words[field]
            if units is not None:
                at, copied = write_units(
                    classes, both_tables, data, copied, ends[text], spans, place, fields_key[field], chance,
                    sentence_chance, settings, annotated[field], first_word,
                    first_words[field + 1] if mixed[field] else first_word, units.first_sentences[field],
                    units.first_sentences[field + 1], words, units, marks, out, at, room, counts[example],
                )  # fmt: skip
            else:
                for word in range(first_word, first_words[field + 1] if mixed[field] else first_word):
                    record = places[word]
                    if record < 0:
                        outcome = PROTECTED if record == UNTOUCHED else NOT_IN_DICTIONARY
                        counts[example, outcome if record > HIDDEN else ANSWER] += 1
                        continue
                    outcome = outcome_of(halves, record, all_capitals, marks, False)  # what is kept is hidden
                    if outcome != NOT_DRAWN:
                        counts[example, outcome] += 1
                        continue
                    if by_type:
                        state = fold(place, records[record])
                    else:
                        state = fold(fold(place, fields_key[field]), U(word - first_word))
                    if fold(state, ZERO) >> SPARE >= chance:
                        counts[example, NOT_DRAWN] += 1
                        continue
                    counts[example, REPLACED] += 1
                    target_start, target_end = draw_target(records, halves, record, state)
                    if at + (word_starts[word] - copied) + target_end - target_start > room:
                        at = room + 1
                        break
                    at = copy(data, copied, word_starts[word], out, at)
                    at = copy(octets, target_start, target_end, out, at)
                    copied = word_ends[word]
                    counts[example, CHANGED] += 1
            if at + (ends[text] - copied) > room:
                # No room: take back what this example has written and counted, and let the caller make room.
                for earlier in range(field):
                    region[earlier, 1] = offsets[earlier, example]
                counts[example, :] = 0
                clear(halves, both_tables, words, count, number, any_kept, units, marks)
                return example - first
            at = copy(data, copied, ends[text], out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
        clear(halves, both_tables, words, count, number, any_kept, units, marks)
    return last - first


@compiled_apart
def hide_kept(halves, words, count, all_capitals, marks):
    """Hide the words that an answer keeps from the draws: to ask each time would take a tenth of all the time."""
    for word in range(count):
        record = words.record[word]
        if record >= 0 and outcome_of(halves, record, all_capitals, marks, True) == ANSWER:
            words.record[word] = HIDDEN - record


@compiled_apart
def mark_names(halves, words, count, marks, mark):
    """Mark the entries that are names in an example: capitalised within a sentence."""
    _, _, _, places, opens, _ = words
    for word in range(count):
        record = places[word]
        if not opens[word] and record >= 0 and halves[2 * record + tables.KIND] >> 3 == CAPITALISED:
            marks[halves[2 * record + tables.ENTRY]] = mark


@compiled_apart
def mark_phrase_names(halves, words, count, units, marks):
    """Mark the phrases that are names, as their first words say."""
    for word in range(count):
        if units.candidates[word] and not words.opens[word]:
            for length in range(LENGTHS):
                record = units.phrases[word, length]
                if units.candidates[word] >> length & 1 and halves[2 * record + tables.KIND] >> 3 == CAPITALISED:
                    marks[halves[2 * record + tables.ENTRY]] = NAME


@compiled_apart
def clear(halves, both_tables, words, count, number, any_kept, units, marks):
    """Take away all marks of an example. any_kept: whether others than names may have one."""
    if any_kept:
        for word in range(count):
            record = words.record[word] if words.record[word] > HIDDEN else HIDDEN - words.record[word]
            if record >= 0:
                marks[halves[2 * record + tables.ENTRY]] = 0
    else:
        mark_names(halves, words, count, marks, 0)
    if units is not None:
        for word in range(count):
            for length in range(LENGTHS if units.candidates[word] else 0):
                if units.candidates[word] >> length & 1:
                    marks[halves[2 * units.phrases[word, length] + tables.ENTRY]] = 0
        of_sentences = both_tables[1].halves
        for sentence in range(number):
            units.kept[of_sentences[2 * units.sentences[sentence, RECORD] + tables.ENTRY]] = 0
