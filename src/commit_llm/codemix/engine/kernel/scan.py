"""Find words as codemix/finding/clean_words.py does, in compiled code."""

from typing import NamedTuple

import numpy as np

from commit_llm.codemix.engine.kernel.compiling import compiled
from commit_llm.codemix.engine.kernel.eights import U, decode, prefetch, skip_letters
from commit_llm.codemix.engine.kernel.lookup import LOW_HALF, find_form, hash_form
from commit_llm.codemix.finding import characters, clean_words

LETTER, MARK, DIGIT, UNDERSCORE = characters.LETTER, characters.MARK, characters.DIGIT, characters.UNDERSCORE
APOSTROPHE, DOT, SENTENCE_END = characters.APOSTROPHE, characters.DOT, characters.SENTENCE_END
CLOSER, SPACE, LINE_BREAK = characters.CLOSER, characters.SPACE, characters.LINE_BREAK
WITHIN, STOPPED, OPEN = clean_words.WITHIN, clean_words.STOPPED, clean_words.OPEN
ENDS_RUN = 1 << characters.OTHER | 1 << SENTENCE_END | 1 << CLOSER | 1 << SPACE | 1 << LINE_BREAK
NOT_THERE, UNTOUCHED = -1, -2


class Words(NamedTuple):
    """Hold the words of an example; each array has room for all that there can be.

    start, end: their bytes. hashed: the hash of these.
    record: the place of the form's record; NOT_THERE for a word that is not in the dictionary, UNTOUCHED for one that
        is protected.
    opens: whether it is the first word of a sentence, a line or the text (style `clean`).
    position: the number of its piece (style `original`).
    """

    start: np.ndarray
    end: np.ndarray
    hashed: np.ndarray
    record: np.ndarray
    opens: np.ndarray
    position: np.ndarray


@compiled
def look_up(table, data, words, count):
    """Find the forms of words. What has to come from far is asked for first, for all words at once."""
    slots, records, halves, _, _ = table
    starts, ends, hashes, places, _, _ = words
    mask = U(len(slots) - 1)
    for word in range(count):
        prefetch(slots, np.int64(hashes[word] & mask))
    for word in range(count):
        prefetch(records, np.int64(slots[hashes[word] & mask] & LOW_HALF))
    for word in range(count):
        if places[word] != UNTOUCHED:
            places[word] = find_form(slots, records, halves, hashes[word], data, starts[word], ends[word])


@compiled
def find_words(classes, data, start, end, spans, first_span, last_span, words, count):
    """Find words as clean_words.find_words does, and hash them; gives their number. count: of those there already."""
    starts, ends, hashes, places, opens, _ = words
    opening = OPEN
    span = first_span
    at = start
    while at < end:
        point, behind = decode(data, at)
        kind = classes[point]
        if kind != LETTER and kind != DIGIT and kind != UNDERSCORE:
            if kind == LINE_BREAK or (kind == SPACE and opening == STOPPED):
                opening = OPEN
            elif kind == DOT or kind == SENTENCE_END:
                opening = STOPPED
            elif opening == STOPPED and kind != CLOSER and kind != APOSTROPHE:
                opening = WITHIN
            at = behind
            continue
        run_start = at
        if point < 0x80 and kind == LETTER:
            at = skip_letters(data, behind, end)
        if at > run_start and (at == end or (data[at] < 0x80 and ENDS_RUN >> classes[data[at]] & 1)):
            word_first, word_last, letters, whole = run_start, at, True, True
        else:
            at, word_first, word_last, letters, whole = read_run(classes, data, run_start, end)
        while span < last_span and spans[span, 1] <= run_start:
            span += 1
        if letters:
            opens[count] = opening == OPEN
            if whole and not (span < last_span and spans[span, 0] < at):
                starts[count], ends[count] = word_first, word_last
                hashes[count] = hash_form(data, word_first, word_last)
                places[count] = NOT_THERE
            else:
                places[count] = UNTOUCHED
            count += 1
        opening = WITHIN
    return count


@compiled
def read_run(classes, data, at, end):
    """Read a run of any kind.

    Gives the byte behind it; its letters' first byte and the one behind them, without underscores around them; whether
    it has letters; and whether it is a word.
    """
    point, behind = decode(data, at)
    kind = classes[point]
    first, last = -1, -1
    letters, whole, before = kind == LETTER, kind != DIGIT, kind
    if kind == LETTER:
        first, last = at, behind
    at = behind
    while at < end:
        point, behind = decode(data, at)
        kind = classes[point]
        if kind == LETTER or kind == MARK:
            if kind == LETTER:
                letters = True
            if first < 0:
                first = at
                whole = whole and kind == LETTER
            elif last != at:  # letters behind an underscore behind letters
                whole = False
            last = behind
        elif kind == DIGIT:
            whole = False
        elif kind == APOSTROPHE or kind == DOT:
            if behind >= end:
                break
            point, _ = decode(data, behind)
            follows = classes[point]
            if kind == APOSTROPHE:
                if (before != LETTER and before != MARK) or follows != LETTER:
                    break
                last = behind
            else:
                if before == UNDERSCORE or (follows != LETTER and follows != DIGIT):
                    break
                whole = False
        elif kind != UNDERSCORE:
            break
        before = kind
        at = behind
    return at, first, last, letters, whole
