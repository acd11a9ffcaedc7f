"""Mixing UTF-8 bytes, compiled by Numba: the decisions of clean.py and original.py, several million words a second.

Texts lie in one array of bytes; text t is data[starts[t]:ends[t]]. Example e has the texts e * fields up to
(e + 1) * fields. Output goes to one region a field, so that each field's texts come out in one piece, as Arrow wants
them. Integers are uint64 wherever they are hashes: Numba makes a float of uint64 and int64 together.
"""

import numpy as np
from numba import njit

from commit_llm.codemix import characters
from commit_llm.codemix.explanation import Counts, Outcome
from commit_llm.codemix.finding import OPEN as FINDING_OPEN
from commit_llm.codemix.finding import STOPPED as FINDING_STOPPED
from commit_llm.codemix.finding import WITHIN as FINDING_WITHIN
from commit_llm.codemix.lexicon import Case

U = np.uint64
GAMMA, MULTIPLIER_1, MULTIPLIER_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
FNV_OFFSET, FNV_PRIME = U(0xCBF29CE484222325), U(0x100000001B3)
LOW_HALF = U(0xFFFFFFFF)
ZERO, ONE = U(0), U(1)
UNIT = 2.0**-53

LETTER, MARK, DIGIT, UNDERSCORE = characters.LETTER, characters.MARK, characters.DIGIT, characters.UNDERSCORE
APOSTROPHE, DOT, SENTENCE_END = characters.APOSTROPHE, characters.DOT, characters.SENTENCE_END
CLOSER, SPACE, LINE_BREAK = characters.CLOSER, characters.SPACE, characters.LINE_BREAK
WITHIN, STOPPED, OPEN = FINDING_WITHIN, FINDING_STOPPED, FINDING_OPEN

REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
NAME, PROTECTED, CHANGED = int(Outcome.NAME), int(Outcome.PROTECTED), len(Counts._fields) - 1
EXACT, CAPITALISED = int(Case.EXACT), int(Case.CAPITALISED)

compiled = njit(cache=True, nogil=True, boundscheck=False)


@compiled
def fold(state, word):
    """randomness.fold, on uint64."""
    value = (state ^ word) + GAMMA
    value = (value ^ (value >> U(30))) * MULTIPLIER_1
    value = (value ^ (value >> U(27))) * MULTIPLIER_2
    return value ^ (value >> U(31))


@compiled
def unit_float(bits):
    """randomness.unit_float."""
    return np.float64(bits >> U(11)) * UNIT


@compiled
def decode(data, at):
    """The code point at a byte of valid UTF-8, and the byte behind it."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    return (
        (first & 0x07) << 18
        | (np.int64(data[at + 1]) & 0x3F) << 12
        | (np.int64(data[at + 2]) & 0x3F) << 6
        | (data[at + 3] & 0x3F)
    ), at + 4


@compiled
def find_form(table, data, start, end):
    """The form of these bytes, or -1."""
    hashed = FNV_OFFSET
    for at in range(start, end):
        hashed = (hashed ^ U(data[at])) * FNV_PRIME
    mask = len(table.slots) - 1
    place = np.int64(hashed & U(mask))
    while True:
        form = table.slots[place]
        if form < 0:
            return -1
        if table.form_hash[form] == hashed:
            first = table.form_start[form]
            if table.form_start[form + 1] - first == end - start:
                same = True
                for at in range(end - start):
                    if table.form_data[first + at] != data[start + at]:
                        same = False
                        break
                if same:
                    return form
        place = (place + 1) & mask


@compiled
def copy(data, start, end, out, at):
    """Copy bytes; gives the place behind them."""
    for n in range(end - start):
        out[at + n] = data[start + n]
    return at + end - start


@compiled
def needs_protection(data, starts, ends):
    """Which texts hold one of the signs of protection.TRIGGER."""
    found = np.zeros(len(starts), np.bool_)
    for text in range(len(starts)):
        for at in range(starts[text], ends[text]):
            byte = data[at]
            if byte == 96 or byte == 126 or byte == 36 or byte == 92 or byte == 64 or byte == 123:  # ` ~ $ \ @ {
                found[text] = True
                break
            if byte == 58 and at + 2 < ends[text] and data[at + 1] == 47 and data[at + 2] == 47:  # ://
                found[text] = True
                break
            if (
                byte == 119
                and at + 3 < ends[text]
                and data[at + 1] == 119
                and data[at + 2] == 119
                and data[at + 3] == 46
            ):
                found[text] = True  # www.
                break
    return found


@compiled
def find_words(classes, table, data, start, end, spans, first_span, last_span, word_start, word_end, word_form, opens):
    """finding.find_words, into the arrays, whose first place is to be 0; gives the number of words.

    A protected run has the form -2, a word that is not in the dictionary -1.
    """
    count = 0
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
        # A run. word_first, word_last: its letters, without underscores around them.
        run_start, word_first, word_last = at, -1, -1
        letters, whole, before = kind == LETTER, kind != DIGIT, kind
        if kind == LETTER:
            word_first, word_last = at, behind
        at = behind
        while at < end:
            point, behind = decode(data, at)
            kind = classes[point]
            if kind == LETTER or kind == MARK:
                if kind == LETTER:
                    letters = True
                if word_first < 0:
                    word_first = at
                    whole = whole and kind == LETTER
                elif word_last != at:  # letters behind an underscore behind letters
                    whole = False
                word_last = behind
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
                    word_last = behind
                else:
                    if before == UNDERSCORE or (follows != LETTER and follows != DIGIT):
                        break
                    whole = False
            elif kind != UNDERSCORE:
                break
            before = kind
            at = behind
        while span < last_span and spans[span, 1] <= run_start:
            span += 1
        untouched = span < last_span and spans[span, 0] < at
        if letters:
            if whole and not untouched:
                word_start[count], word_end[count] = word_first, word_last
                word_form[count] = find_form(table, data, word_first, word_last)
                opens[count] = opening == OPEN
            else:
                word_form[count] = -2
            count += 1
        opening = WITHIN
    return count


@compiled
def mix_clean(
    classes, table, data, starts, ends, spans, first_spans, mixed, fields_key, rows, first, last, settings, names,
    scratch_place, scratch_form, scratch_opens, out, region, offsets, counts,
):  # fmt: skip
    """Style clean: mix the examples first up to last, as far as their output fits.

    spans[first_spans[t]:first_spans[t + 1]] are text t's protected bytes. mixed[f]: whether a field is mixed or only
    looked at; fields_key[f]: the hash of its name. rows[e]: the example's place, hash64(seed, epoch, row). names: a
    zero for every form, and zeros again afterwards. out: bytes, field f's region begins at region[f, 0], is
    filled up to region[f, 1] and ends at region[f, 2]. offsets[f, e + 1]: where a field's text e ends. Gives the
    number of examples done.
    """
    by_type, all_capitals, ratio, unmixed_share, unmixed_key = settings
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        ratio_here = ratio
        if unmixed_share > 0.0 and unit_float(fold(place, unmixed_key)) < unmixed_share:
            ratio_here = 0.0
        # Find all words of the example, and which capitalised forms are names in it.
        word_start, word_end = scratch_place[0], scratch_place[1]
        words = 0
        for field in range(fields):
            text = example * fields + field
            found = find_words(
                classes, table, data, starts[text], ends[text], spans, first_spans[text], first_spans[text + 1],
                word_start[words:], word_end[words:], scratch_form[words:], scratch_opens[words:],
            )  # fmt: skip
            for word in range(words, words + found):
                form = scratch_form[word]
                if form >= 0 and not scratch_opens[word] and table.form_case[form] == CAPITALISED:
                    names[form] = 1
            scratch_place[2, field] = words
            words += found
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
                outcome = table.form_outcome[form]
                if outcome != NOT_DRAWN:
                    counts[example, outcome] += 1
                    continue
                case = table.form_case[form]
                if not (all_capitals or case == EXACT or (case == CAPITALISED and not names[form])):
                    counts[example, NAME] += 1
                    continue
                if by_type:
                    state = fold(place, table.form_key[form])
                else:
                    state = fold(fold(place, fields_key[field]), U(word - first_word))
                if unit_float(fold(state, ZERO)) >= ratio_here:
                    counts[example, NOT_DRAWN] += 1
                    continue
                drawn = unit_float(fold(state, ONE))
                target = table.target_first[form]
                while drawn >= table.target_cumulative[target]:
                    target += 1
                length = table.target_start[target + 1] - table.target_start[target]
                if at + (word_start[word] - copied) + length > room:
                    at = room + 1
                    break
                at = copy(data, copied, word_start[word], out, at)
                at = copy(table.target_data, table.target_start[target], table.target_start[target + 1], out, at)
                copied = word_end[word]
                counts[example, REPLACED] += 1
                counts[example, CHANGED] += 1
            if at + (ends[text] - copied) > room:
                # No room: take back what this example has written and counted, and let the caller make room.
                for done in range(field):
                    region[done, 1] = offsets[done, example]
                counts[example, :] = 0
                forget(scratch_form, words, names)
                return example - first
            at = copy(data, copied, ends[text], out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
        forget(scratch_form, words, names)
    return last - first


@compiled
def forget(forms, words, names):
    """Take an example's names back."""
    for word in range(words):
        if forms[word] >= 0:
            names[forms[word]] = 0


@compiled
def mix_original(
    skipped, table, data, starts, ends, mixed, fields_key, rows, first, last, settings, out, region, offsets, counts
):
    """Style original: as `mix_clean`, by the rules of original.py. skipped[c]: whether a code point is peeled off."""
    _, _, ratio, unmixed_share, unmixed_key = settings
    fields = len(mixed)
    for example in range(first, last):
        place = rows[example]
        ratio_here = ratio
        if unmixed_share > 0.0 and unit_float(fold(place, unmixed_key)) < unmixed_share:
            ratio_here = 0.0
        for field in range(fields):
            text = example * fields + field
            start, end = starts[text], ends[text]
            at, room = region[field, 1], region[field, 2]
            copied = start
            piece_start = start
            position = 0
            key = fold(ZERO, fold(place, fields_key[field]))
            while mixed[field] and piece_start <= end:
                piece_end = piece_start
                while piece_end < end and data[piece_end] != 32:
                    piece_end += 1
                word_start, word_end = core(skipped, data, piece_start, piece_end)
                if word_start < word_end:
                    form = find_form(table, data, word_start, word_end)
                    if form < 0:
                        counts[example, NOT_IN_DICTIONARY] += 1
                    else:
                        state = fold(key, U(position))
                        if unit_float(fold(state, ZERO)) >= ratio_here:
                            counts[example, NOT_DRAWN] += 1
                        else:
                            first_target = table.target_first[form]
                            choices = U(table.target_first[form + 1] - first_target)
                            bits = fold(state, ONE)
                            # The upper 64 bits of bits * choices.
                            low = (bits & LOW_HALF) * choices
                            target = first_target + np.int64(((bits >> U(32)) * choices + (low >> U(32))) >> U(32))
                            target_start, target_end = table.target_start[target], table.target_start[target + 1]
                            if at + (word_start - copied) + target_end - target_start > room:
                                at = room + 1
                                break
                            at = copy(data, copied, word_start, out, at)
                            at = copy(table.target_data, target_start, target_end, out, at)
                            copied = word_end
                            counts[example, REPLACED] += 1
                            counts[example, CHANGED] += table.target_changes[target]
                position += 1
                piece_start = piece_end + 1
            if at + (end - copied) > room:
                for done in range(field):
                    region[done, 1] = offsets[done, example]
                counts[example, :] = 0
                return example - first
            at = copy(data, copied, end, out, at)
            region[field, 1] = at
            offsets[field, example + 1] = at
    return last - first


@compiled
def core(skipped, data, start, end):
    """words.core of the piece, in bytes."""
    while start < end:
        point, behind = decode(data, start)
        if not skipped[point]:
            break
        start = behind
    while end > start:
        before = end - 1
        while data[before] & 0xC0 == 0x80:
            before -= 1
        point, _ = decode(data, before)
        if not skipped[point]:
            break
        end = before
    return start, end
