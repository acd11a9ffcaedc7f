"""Find words as codemix/finding/clean_words.py does, in compiled code."""

import re
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import U, decode, prefetch, skip_letters
from commit_llm.codemix.engine.kernel.lookup import LOW_HALF, find_form, hash_form
from commit_llm.codemix.engine.kernel.respelling import find_respelt, may_be_respelt
from commit_llm.codemix.finding import characters, clean_words

LETTER, MARK, DIGIT, UNDERSCORE = characters.LETTER, characters.MARK, characters.DIGIT, characters.UNDERSCORE
APOSTROPHE, DOT, SENTENCE_END = characters.APOSTROPHE, characters.DOT, characters.SENTENCE_END
CLOSER, SPACE, LINE_BREAK = characters.CLOSER, characters.SPACE, characters.LINE_BREAK
WITHIN, STOPPED, OPEN = clean_words.WITHIN, clean_words.STOPPED, clean_words.OPEN
WITHIN_WORD, IGNORED, OTHER = characters.WITHIN_WORD, characters.IGNORED, characters.OTHER
ENDS_RUN = 1 << OTHER | 1 << SENTENCE_END | 1 << CLOSER | 1 << SPACE | 1 << LINE_BREAK
JOINS = 1 << DOT | 1 << APOSTROPHE | 1 << WITHIN_WORD
QUOTE, CLOSING_QUOTE = map(ord, characters.DOUBLE_QUOTES)
HEBREW = tuple((ord(span[0]), ord(span[-1])) for span in re.findall("(?s:.-.)", characters.HEBREW))
NOT_THERE, UNTOUCHED, NOT_AS_IT_STANDS = -1, -2, -3


class Words(NamedTuple):
    """Hold the words of an example; each array has room for all that there can be.

    start, end: their bytes. hashed: the hash of these.
    record: the place of the form's record; NOT_THERE for a word that is not in the dictionary, UNTOUCHED for one that
        is protected; NOT_AS_IT_STANDS, till it is looked up otherwise, where it may be there in another spelling.
    opens: whether it is the first word of a sentence, a line or the text (style `clean`).
    position: the number of its piece (style `original`).
    """

    start: np.ndarray
    end: np.ndarray
    hashed: np.ndarray
    record: np.ndarray
    opens: np.ndarray
    position: np.ndarray


@compiled_apart
def look_up(table, data, words, count):
    """Find the forms of words. What has to come from far is asked for first, for all words at once."""
    slots, records, halves, _, _, _ = table
    starts, ends, hashes, places, _, _ = words
    mask = U(len(slots) - 1)
    for word in range(count):
        prefetch(slots, np.int64(hashes[word] & mask))
    for word in range(count):
        prefetch(records, np.int64(slots[hashes[word] & mask] & LOW_HALF))
    for word in range(count):
        if places[word] != UNTOUCHED:
            record = find_form(slots, records, halves, hashes[word], data, starts[word], ends[word])
            if record >= 0:
                places[word] = record


@compiled_apart
def look_up_respelt(equivalence, table, data, words, count):
    """Find the forms of words that are not there as they stand, where there may be another spelling."""
    slots, records, halves, _, _, _ = table
    starts, ends, _, places, _, _ = words
    about = equivalence.about
    for word in range(count):
        if places[word] == NOT_AS_IT_STANDS:
            places[word] = NOT_THERE
            start, end = starts[word], ends[word]
            if may_be_respelt(about, data, start, end):
                places[word] = find_respelt(equivalence, slots, records, halves, data, start, end)


@compiled_apart
def find_words(classes, data, start, end, spans, first_span, last_span, words, count, breaks, broken):
    """Find words as clean_words.find_words does, and hash them, and the places where sentences begin.

    count, broken: of words and of places there already; gives both with these. breaks: room for places, or None.
    """
    starts, ends, hashes, places, opens, _ = words
    opening, behind_number = OPEN, False
    span = first_span
    at = start
    while at < end:
        point, behind = decode(data, at)
        kind = classes[point]
        if kind != LETTER and kind != DIGIT and kind != UNDERSCORE:
            if kind == LINE_BREAK or (kind == SPACE and opening == STOPPED):
                opening = OPEN
                if breaks is not None:
                    breaks[broken] = behind
                    broken += 1
            elif kind == DOT or kind == SENTENCE_END:
                opening = STOPPED
            elif opening == STOPPED and kind != CLOSER and kind != APOSTROPHE and kind != IGNORED:
                opening = WITHIN
            at = behind
            continue
        run_start = at
        if point < 0x80 and kind == LETTER:
            at = skip_letters(data, behind, end)
        if behind_number:
            opening, behind_number = OPEN, False
            if breaks is not None:
                breaks[broken] = run_start
                broken += 1
        if at > run_start and ends_run(classes, data, at, end):
            word_first, word_last, letters, whole, place = run_start, at, True, True, NOT_THERE
        else:
            at, word_first, word_last, letters, whole, behind_number = read_run(classes, data, run_start, end)
            place = NOT_AS_IT_STANDS
        while span < last_span and spans[span, 1] <= run_start:
            span += 1
        if letters:
            opens[count] = opening == OPEN
            if whole and not (span < last_span and spans[span, 0] < at):
                starts[count], ends[count] = word_first, word_last
                hashes[count] = hash_form(data, word_first, word_last)
                places[count] = place
            else:
                starts[count], ends[count] = (word_first, word_last) if whole else (run_start, at)
                places[count] = UNTOUCHED
            count += 1
        opening = WITHIN
    return count, broken


@compiled
def ends_run(classes, data, at, end):
    """Say whether a run of ASCII letters surely ends at a byte: by that alone, or by a sign and what follows."""
    if at == end:
        return True
    if data[at] >= 0x80:
        return False
    kind = classes[data[at]]
    if ENDS_RUN >> kind & 1:
        return True
    return JOINS >> kind & 1 and (at + 1 == end or (data[at + 1] < 0x80 and ENDS_RUN >> classes[data[at + 1]] & 1))


@compiled
def read_run(classes, data, at, end):
    """Read a run of any kind.

    Gives the byte behind it; its letters' first byte and the one behind them, without what is around them; whether
    it has letters; whether it is a word; and whether it is a number before a dot and a letter.
    """
    first, last = -1, -1
    letters, whole, number = False, True, True
    parted = False  # by an underscore behind a letter
    before, point_before = OTHER, np.int64(0)
    while at < end:
        point, behind = decode(data, at)
        kind = classes[point]
        if kind == LETTER or kind == MARK:
            if kind == LETTER:
                letters, number = True, False
                if first < 0:
                    first = at
            whole = whole and first >= 0 and not parted
            last = behind
        elif kind == DIGIT:
            whole = False
        elif kind == UNDERSCORE:
            number, parted = False, first >= 0
        elif kind != IGNORED:
            # A sign, which belongs to the run where the right characters stand on both sides.
            double_quote = kind == CLOSER and (point == QUOTE or point == CLOSING_QUOTE)
            if kind != DOT and kind != APOSTROPHE and kind != WITHIN_WORD and not double_quote:
                break
            follows, point_behind = next_seen(classes, data, behind, end)
            if before == UNDERSCORE or (follows != LETTER and (kind != DOT or follows != DIGIT)):
                break
            if kind == DOT:
                if number and follows == LETTER:
                    return at, first, last, letters, False, True
                whole = False
            elif before == DIGIT:
                break
            elif double_quote and not ((before == IGNORED or is_hebrew(point_before)) and is_hebrew(point_behind)):
                break
            else:
                number = False
                whole = whole and first >= 0 and not parted
        before, point_before = kind, point
        at = behind
    return at, first, last, letters, whole, False


@compiled_apart
def next_seen(classes, data, at, end):
    """Give the class and the code point of the first character from a place on that is not ignored."""
    while at < end:
        point, at = decode(data, at)
        if classes[point] != IGNORED:
            return classes[point], point
    return np.uint8(OTHER), np.int64(0)


@compiled_apart
def is_hebrew(point):
    """Say whether a code point is one of characters.HEBREW."""
    for first, last in HEBREW:
        if first <= point <= last:
            return True
    return False
