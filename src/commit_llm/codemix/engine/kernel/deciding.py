"""Decide on words, phrases and sentences, and write them: codemix/engine/clean.py, in compiled code."""

from typing import NamedTuple

import numpy as np

from commit_llm.codemix.dictionaries.case import Case
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.annotating import AROUND, annotate, find_brackets
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import U, copy, is_same
from commit_llm.codemix.engine.kernel.keep_answer import KEPT
from commit_llm.codemix.engine.kernel.lookup import ONE, SPARE, ZERO, fold
from commit_llm.codemix.engine.kernel.scan import NOT_THERE, UNTOUCHED
from commit_llm.codemix.engine.kernel.units import BEHIND, END, FIRST, LENGTHS, RECORD, START, has_all
from commit_llm.codemix.outcome import Counts, Outcome
from commit_llm.codemix.randomness import PHRASE, SENTENCE

REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
NAME_OUTCOME, PROTECTED = int(Outcome.NAME), int(Outcome.PROTECTED)
ANSWER, REPEATED = int(Outcome.ANSWER), int(Outcome.REPEATED)
CHANGED, PHRASES, SENTENCES, LEFT_OUT = (
    Counts._fields.index(name) for name in ("changed", "phrases", "sentences", "left_out")
)
EXACT, CAPITALISED = int(Case.EXACT), int(Case.CAPITALISED)
PHRASE_KEY, SENTENCE_KEY = U(PHRASE), U(SENTENCE)
NAME = 1  # in the marks of entries, beside KEPT
NO_UNIT, OF_SENTENCE = -1, 1 << 40  # of what was annotated last: nothing; added to the number of a sentence


class Settings(NamedTuple):
    """Hold how texts are mixed; probabilities are thresholds of the upper 53 bits of a draw (`tables.threshold`).

    by_type, all_capitals: as `MixingSettings` has them.
    ratio, sentence_ratio, unmixed: the probabilities of a replacement, of a sentence's, and of an unmixed example.
    unmixed_key: of the draw of the latter.
    """

    by_type: bool
    all_capitals: bool
    ratio: np.uint64
    sentence_ratio: np.uint64
    unmixed: np.uint64
    unmixed_key: np.uint64


@compiled
def outcome_of(halves, record, all_capitals, marks, any_kept):
    """Say what becomes of a form before the draw: NOT_DRAWN where it can be replaced.

    any_kept: whether an entry may be kept; where none can be, that is known when this is compiled.
    """
    kind = np.int64(halves[2 * record + tables.KIND])
    if kind & 7 != NOT_DRAWN:
        return kind & 7
    case, entry = kind >> 3, halves[2 * record + tables.ENTRY]
    if not (all_capitals or case == EXACT or (case == CAPITALISED and not marks[entry] & NAME)):
        return NAME_OUTCOME
    return ANSWER if any_kept and marks[entry] & KEPT else NOT_DRAWN


@compiled
def draw_target(records, halves, record, state):
    """Draw one of a record's translations; gives its bytes."""
    drawn = fold(state, ONE) >> SPARE
    target = record + tables.KEY_WORDS + ((np.int64(halves[2 * record + tables.LENGTH]) + 7) >> 3)
    while drawn >= records[target]:
        target += tables.TARGET_WORDS
    start = 8 * record + np.int64(halves[2 * target + tables.TARGET_START])
    return start, 8 * record + np.int64(halves[2 * target + tables.TARGET_END])


@compiled_apart
def write_units(
    classes, both_tables, data, start, end, spans, place, field_key, chance, sentence_chance, settings, annotates,
    first, behind, sentence, behind_sentence, words, units, marks, out, at, room, counts,
):  # fmt: skip
    """Decide on the words, phrases and sentences of a text, and write them.

    Gives the place behind the last one in the output, and in the text; one behind the room where that is too small.

    place: that of the example's draws. counts: of the example.
    """
    table, sentence_table = both_tables
    halves = table.halves
    starts, ends, _, places, _, _ = words
    candidates, phrases, sentences, kept = units.candidates, units.phrases, units.sentences, units.kept
    pairs = find_brackets(classes, data, start, end) if annotates else units.no_pairs
    copied, word = start, first
    bracket, reach = 0, np.int64(-1)  # the next bracket that opens, and where those before it close
    annotated, behind_annotated = (
        np.int64(NO_UNIT),
        np.int64(NO_UNIT),
    )  # the entry that was annotated last, and the word behind it
    while word < behind:
        outcome, count, protected, changes = NOT_DRAWN, 0, 0, True
        unit = np.int64(NO_UNIT)
        octets, target_start, target_end = table.octets, 0, 0
        unit_start, unit_end, kind = starts[word], ends[word], -1
        if sentence < behind_sentence and sentences[sentence, FIRST] == word:
            record = sentences[sentence, RECORD]
            number = np.int64(sentence_table.halves[2 * record + tables.ENTRY])
            state = fold(fold(place, SENTENCE_KEY), sentence_table.records[record])
            target_start, target_end = draw_target(sentence_table.records, sentence_table.halves, record, state)
            octets = sentence_table.octets
            if kept[number] or not has_all(data, spans, sentences[sentence], words, octets, target_start, target_end):
                counts[LEFT_OUT] += 1
            elif fold(state, ZERO) >> SPARE < sentence_chance:
                outcome, unit, kind = REPLACED, OF_SENTENCE + number, SENTENCES
                unit_start, unit_end = sentences[sentence, START], sentences[sentence, END]
                changes = not is_same(data, unit_start, unit_end, octets, target_start, target_end)
                following = sentences[sentence, BEHIND]
                for each in range(word, following):
                    protected += places[each] == UNTOUCHED
                count = following - word - protected
            sentence += 1
        if count == 0:
            octets = table.octets
            for length in range(LENGTHS + 1 if candidates[word] else 0, 1, -1):
                if not candidates[word] >> (length - 2) & 1:
                    continue
                record = phrases[word, length - 2]
                of_phrase = outcome_of(halves, record, settings.all_capitals, marks, True)
                counts[LEFT_OUT] += of_phrase == ANSWER
                if of_phrase != NOT_DRAWN:
                    continue
                state = fold(place, PHRASE_KEY)
                if not settings.by_type:
                    state = fold(fold(state, field_key), U(word - first))
                state = fold(state, table.records[record])
                if fold(state, ZERO) >> SPARE < chance:
                    number = np.int64(halves[2 * record + tables.ENTRY])
                    target_start, target_end = draw_target(table.records, halves, record, state)
                    outcome, count, unit, kind = REPLACED, length, number, PHRASES
                    unit_end = ends[word + length - 1]
                    changes = not is_same(data, unit_start, unit_end, octets, target_start, target_end)
                    break
        if count == 0:
            record, count = places[word], 1
            if record == UNTOUCHED:
                outcome = PROTECTED
            elif record == NOT_THERE:
                outcome = NOT_IN_DICTIONARY
            else:
                unit = np.int64(halves[2 * record + tables.ENTRY])
                outcome = outcome_of(halves, record, settings.all_capitals, marks, True)
                if outcome == NOT_DRAWN:
                    state = fold(place, table.records[record])
                    if not settings.by_type:
                        state = fold(fold(place, field_key), U(word - first))
                    if fold(state, ZERO) >> SPARE < chance:
                        outcome = REPLACED
                        target_start, target_end = draw_target(table.records, halves, record, state)
        following = word + count + protected
        if outcome == REPLACED and annotates:
            if word == behind_annotated and unit == annotated:
                outcome = REPEATED
            annotated, behind_annotated = unit, following
        counts[outcome] += count
        counts[PROTECTED] += protected
        word = following
        if outcome != REPLACED:
            continue
        if at + (unit_end - copied) + (target_end - target_start) + AROUND > room:
            return room + 1, copied
        at = copy(data, copied, unit_end if annotates else unit_start, out, at)
        if annotates:
            while bracket < len(pairs) and pairs[bracket, 0] < unit_start:
                reach = max(reach, pairs[bracket, 1])
                bracket += 1
            at = annotate(octets, target_start, target_end, unit_start < reach, out, at)
        else:
            at = copy(octets, target_start, target_end, out, at)
        copied = unit_end
        counts[CHANGED] += count if changes or annotates else 0
        if kind >= 0:
            counts[kind] += 1
    return at, copied
