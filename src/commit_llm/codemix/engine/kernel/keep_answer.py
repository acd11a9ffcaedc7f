"""Say what must stay as it is for an output to be found: codemix/engine/answer_keeping.py, in compiled code."""

import numpy as np

from commit_llm.codemix.dictionaries.phrases import MOST_WORDS
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.annotating import CLOSING, OPENING, find_brackets, is_one, is_within
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import ONES, U, decode, find_byte, is_same
from commit_llm.codemix.engine.kernel.scan import LINE_BREAK, NOT_THERE, SPACE, UNTOUCHED
from commit_llm.codemix.engine.kernel.units import END, FIRST, LENGTHS, RECORD, START
from commit_llm.codemix.outcome import Outcome

NO_ENTRY = int(Outcome.NOT_IN_DICTIONARY)  # of a word that is nothing but the first of a phrase
KEPT = 2  # beside NAME, in the marks of entries


@compiled
def stands_elsewhere(data, starts, ends, text, fields, output):
    """Say whether an example's output stands in another field. text: the number of its first. output: a field's number.

    Asked for every example, so what takes long is asked of those alone where it does.
    """
    start, end = starts[text + output], ends[text + output]
    for field in range(fields):
        if field != output and ends[text + field] - starts[text + field] >= end - start > 0:
            if find_text(data, starts[text + field], ends[text + field], start, end) < ends[text + field]:
                return True
    return False


@compiled_apart
def find_text(data, at, behind, start, end):
    """Find a part of the data, data[start:end], from a place on; gives behind where it is not there."""
    last = behind - (end - start)  # at which it may begin
    first = ONES * U(data[start])
    while at <= last:
        at = find_byte(data, at, last + 1, first)
        if at <= last and is_same(data, at, at + end - start, data, start, end):
            return at
        at += 1
    return behind


@compiled_apart
def keep_answer(
    classes, both_tables, data, starts, ends, text, fields, mixed, annotated, output, words, first_words, units, marks
):
    """Mark what is left out of the draws of an example; say whether there may be anything.

    text: the number of its first. output: a field's number.
    """
    start, end = starts[text + output], ends[text + output]
    any_kept = False
    if is_empty(classes, data, start, end):
        return any_kept
    for field in range(fields):
        if field == output or not mixed[field] or ends[text + field] - starts[text + field] < end - start:
            continue
        place, aligned = find_place(
            data, starts[text + field], ends[text + field], start, end, first_words, field, output, words
        )
        if place >= 0 and (units is not None or not aligned):
            any_kept = True
            keep(
                classes, both_tables, data, starts[text + field], ends[text + field], place, aligned, start, end,
                annotated[field], annotated[output], field, output, words, first_words, units, marks,
            )  # fmt: skip
    return any_kept


@compiled
def is_empty(classes, data, at, end):
    """Say whether a text has nothing but white space."""
    while at < end:
        point, at = decode(data, at)
        if classes[point] != SPACE and classes[point] != LINE_BREAK:
            return False
    return True


@compiled_apart
def find_place(data, at, behind, start, end, first_words, field, output, words):
    """Find the first place of an output in a text that has its words, or else its first; -1 where it is not there.

    Gives with it whether it has its words.
    """
    first_place = np.int64(-1)
    at = find_text(data, at, behind, start, end)
    while at < behind:
        if is_aligned(at, start, end, first_words, field, output, words):
            return at, True
        if first_place < 0:
            first_place = at
        at = find_text(data, at + 1, behind, start, end)
    return first_place, False


@compiled
def is_aligned(place, start, end, first_words, field, output, words):
    """Say whether the words at a place are those of the output: none goes on beyond it, and the same are protected."""
    starts, ends, _, places, _, _ = words
    word, last = first_within(ends, first_words[field], first_words[field + 1], place), first_words[field + 1]
    moved = place - start
    for own in range(first_words[output], first_words[output + 1]):
        if word == last or starts[word] != starts[own] + moved or ends[word] != ends[own] + moved:
            return False
        if (places[word] == UNTOUCHED) != (places[own] == UNTOUCHED):
            return False
        word += 1
    return word == last or starts[word] >= end + moved


@compiled
def first_within(ends, first, behind, place):
    """Give the first word of a text that does not end before a place."""
    while first < behind:
        middle = (first + behind) >> 1
        if ends[middle] <= place:
            first = middle + 1
        else:
            behind = middle
    return first


@compiled_apart
def keep(
    classes, both_tables, data, text_start, text_end, place, aligned, start, end, annotated, output_annotated, field,
    output, words, first_words, units, marks,
):  # fmt: skip
    """Mark what would part an output, data[start:end], from its place in a field; see answer_keeping.py."""
    table, sentence_table = both_tables
    halves = table.halves
    starts, ends, _, places, _, _ = words
    place_end = place + end - start
    first = first_within(ends, first_words[field], first_words[field + 1], place)
    behind = first
    while behind < first_words[field + 1] and starts[behind] < place_end:
        behind += 1
    own_first, own_behind = first_words[output], first_words[output + 1]
    agrees = aligned
    if units is not None:
        candidates, phrases, sentences = units.candidates, units.phrases, units.sentences
        first_sentences = units.first_sentences
        count = own_behind - own_first
        bare = count > 0 and starts[own_first] == start and ends[own_behind - 1] == end
        in_brackets = aligned and annotated and not output_annotated
        if annotated != output_annotated:
            agrees = in_brackets and bare and count == 1
        elif agrees and annotated:
            earliest = max(first_words[field], first - MOST_WORDS)
            agrees = not is_set_off(
                classes, halves, data, text_start, text_end, place, start, end, earliest, first,
                own_first == own_behind, places, candidates, phrases,
            )  # fmt: skip
        for word in range(max(first_words[field], first - MOST_WORDS), behind):
            for length in range(2, LENGTHS + 2):
                if candidates[word] >> (length - 2) & 1 and word + length > first:
                    whole = in_brackets and bare and length == count
                    if not (first <= word and word + length <= behind and (agrees or whole)):
                        mark(halves, phrases[word, length - 2], marks)
        moved = place - start
        for n in range(first_sentences[field], first_sentences[field + 1]):
            if sentences[n, START] < place_end and place < sentences[n, END]:
                same = same_sentence(sentences, first_sentences, output, n, own_first - first) if aligned else -1
                allowed = agrees
                if in_brackets and same >= 0:
                    allowed = allowed or (sentences[same, START] == start and sentences[same, END] == end)
                keep_sentence(sentence_table.halves, sentences, n, same, -moved, allowed, units.kept)
        for n in range(first_sentences[output], first_sentences[output + 1]):
            same = same_sentence(sentences, first_sentences, field, n, first - own_first) if aligned else -1
            allowed = agrees or (in_brackets and sentences[n, START] == start and sentences[n, END] == end)
            keep_sentence(sentence_table.halves, sentences, n, same, moved, allowed, units.kept)
        if not aligned:
            for word in range(own_first, own_behind):
                for length in range(LENGTHS if candidates[word] else 0):
                    if candidates[word] >> length & 1:
                        mark(halves, phrases[word, length], marks)
    if agrees:
        return
    for word in range(first, behind):
        mark(halves, places[word], marks)
    for word in range(own_first, own_behind):
        mark(halves, places[word], marks)


@compiled
def mark(halves, record, marks):
    """Mark the entry of a record, if there is one."""
    if record >= 0:
        marks[halves[2 * record + tables.ENTRY]] |= KEPT


@compiled
def same_sentence(sentences, first_sentences, field, number, moved):
    """Give the sentence of a field that begins so many words further on than another; -1 where there is none."""
    wanted, first, behind = sentences[number, FIRST] + moved, first_sentences[field], first_sentences[field + 1]
    while first < behind:
        middle = (first + behind) >> 1
        if sentences[middle, FIRST] == wanted:
            return middle
        if sentences[middle, FIRST] < wanted:
            first = middle + 1
        else:
            behind = middle
    return -1


@compiled
def keep_sentence(halves, sentences, n, same, moved, allowed, kept):
    """Keep a sentence unless the other text has it in its place, so many bytes further on."""
    agrees = allowed and same >= 0
    for edge in (START, END):
        agrees = agrees and sentences[n, edge] + moved == sentences[same, edge]
    if not agrees:
        kept[halves[2 * sentences[n, RECORD] + tables.ENTRY]] = 1


@compiled_apart
def is_set_off(
    classes, halves, data, text_start, text_end, place, start, end, earliest, first, is_wordless, places, candidates,
    phrases,
):  # fmt: skip
    """Say whether annotations may be others at a place than in the output, where both are annotated."""
    if is_within(find_brackets(classes, data, text_start, text_end), place):
        return True
    at = start
    while at < end:
        point, at = decode(data, at)
        if is_one(OPENING, point) or is_one(CLOSING, point):
            return True
    if is_wordless:
        return False
    for word in range(earliest, first):
        if same_entry(halves, places[word], places[first]):
            return True
        for one in range(LENGTHS):
            for two in range(LENGTHS):
                both = candidates[word] >> one & 1 and candidates[first] >> two & 1
                if both and same_entry(halves, phrases[word, one], phrases[first, two]):
                    return True
    return False


@compiled
def same_entry(halves, one, two):
    """Say whether two records are forms of one entry."""
    if one <= NOT_THERE or two <= NOT_THERE or halves[2 * one + tables.KIND] & 7 == NO_ENTRY:
        return False
    return halves[2 * one + tables.ENTRY] == halves[2 * two + tables.ENTRY]
