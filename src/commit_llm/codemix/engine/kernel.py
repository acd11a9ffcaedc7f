"""Mix UTF-8 bytes, compiled by Numba: the decisions of clean.py and original.py, several million words a second.

Texts lie in one array of bytes; text t is data[starts[t]:ends[t]]. Example e has the texts e * fields up to
(e + 1) * fields. Output goes to one region a field, so that each field's texts come out in one piece, as Arrow wants
them. Integers are uint64 wherever they are hashes: Numba makes a float of uint64 and int64 together.

All in one file, though it is long: Numba's cache sees changes in the file of a function, not in the files it calls.
"""

import numpy as np
from numba import njit

from commit_llm.codemix.dictionaries.lexicon import Case
from commit_llm.codemix.engine import tables
from commit_llm.codemix.finding import characters, clean_words
from commit_llm.codemix.outcome import Counts, Outcome

U = np.uint64
GAMMA, MULTIPLIER_1, MULTIPLIER_2 = U(0x9E3779B97F4A7C15), U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
FNV_OFFSET, FNV_PRIME = U(0xCBF29CE484222325), U(0x100000001B3)
LOW_HALF = U(0xFFFFFFFF)
ZERO, ONE = U(0), U(1)
COLON, SLASH, FULL_STOP, W = (ord(sign) for sign in ":/.w")
SPARE = U(11)  # bits of a draw that randomness.unit_float leaves out; tables.threshold is a chance in the others

LETTER, MARK, DIGIT, UNDERSCORE = characters.LETTER, characters.MARK, characters.DIGIT, characters.UNDERSCORE
APOSTROPHE, DOT, SENTENCE_END = characters.APOSTROPHE, characters.DOT, characters.SENTENCE_END
CLOSER, SPACE, LINE_BREAK = characters.CLOSER, characters.SPACE, characters.LINE_BREAK
WITHIN, STOPPED, OPEN = clean_words.WITHIN, clean_words.STOPPED, clean_words.OPEN

REPLACED, NOT_DRAWN, NOT_IN_DICTIONARY = int(Outcome.REPLACED), int(Outcome.NOT_DRAWN), int(Outcome.NOT_IN_DICTIONARY)
NAME, PROTECTED, CHANGED = int(Outcome.NAME), int(Outcome.PROTECTED), len(Counts._fields) - 1
EXACT, CAPITALISED = int(Case.EXACT), int(Case.CAPITALISED)


def compiled(function):
    """Compile a function, and keep what is compiled beside this file or in Numba's folder for the user's cache.

    Where neither can be written to, as in some containers, it is compiled anew in every process.
    """
    try:
        return njit(cache=True, nogil=True, boundscheck=False)(function)
    except RuntimeError:  # "no locator available"
        return njit(nogil=True, boundscheck=False)(function)


@compiled
def fold(state, word):
    """randomness.fold, on uint64."""
    value = (state ^ word) + GAMMA
    value = (value ^ (value >> U(30))) * MULTIPLIER_1
    value = (value ^ (value >> U(27))) * MULTIPLIER_2
    return value ^ (value >> U(31))


@compiled
def decode(data, at):
    """Give the code point at a byte of valid UTF-8, and the byte behind it."""
    first = np.int64(data[at])
    if first < 0x80:
        return first, at + 1
    if first < 0xE0:
        return (first & 0x1F) << 6 | (data[at + 1] & 0x3F), at + 2
    if first < 0xF0:
        return (first & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6 | (data[at + 2] & 0x3F), at + 3
    upper = (first & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
    return upper | (np.int64(data[at + 2]) & 0x3F) << 6 | (data[at + 3] & 0x3F), at + 4


@compiled
def find_form(slots, forms, form_data, hashed, data, start, end):
    """Find the form of these bytes, of which hashed is the FNV-1a hash; -1 where there is none."""
    mask = len(slots) - 1
    place = np.int64(hashed & U(mask))
    while True:
        form = slots[place]
        if form < 0:
            return -1
        if forms[form, tables.HASH] == hashed:
            first = np.int64(forms[form, tables.START])
            if np.int64(forms[form, tables.END]) - first == end - start:
                same = True
                for at in range(end - start):
                    if form_data[first + at] != data[start + at]:
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
def find_triggers(signs, data, starts, ends):
    """Find the texts and bytes at which protection.TRIGGER matches. signs[b]: whether byte b may be one."""
    size = 64
    texts, places = np.empty(size, np.int64), np.empty(size, np.int64)
    count = 0
    for text in range(len(starts)):
        end = ends[text]
        for at in range(starts[text], end):
            byte = data[at]
            if not signs[byte]:
                continue
            if byte == COLON:
                if at + 2 >= end or data[at + 1] != SLASH or data[at + 2] != SLASH:
                    continue
            elif byte == W and (at + 3 >= end or data[at + 1] != W or data[at + 2] != W or data[at + 3] != FULL_STOP):
                continue
            if count == size:
                texts, places, size = np.concatenate((texts, texts)), np.concatenate((places, places)), 2 * size
            texts[count], places[count] = text, at
            count += 1
    return texts[:count], places[:count]


@compiled
def hash_bytes(hashed, data, start, end):
    """Go on with an FNV-1a hash over some bytes."""
    for at in range(start, end):
        hashed = (hashed ^ U(data[at])) * FNV_PRIME
    return hashed


@compiled
def find_words(
    classes, slots, forms, form_data, data, start, end, spans, first_span, last_span, word_start, word_end, word_form,
    names_it,
):  # fmt: skip
    """Find words as clean_words.find_words does, into arrays that begin at 0; gives the number of words.

    word_form: -2 for a protected run, -1 for a word that is not in the dictionary.
    names_it: whether this occurrence makes the form a name in the example.
    Words are hashed as they are found: a loop over a few bytes less saves the processor a wrong guess at its end.
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
        # A run. word_first, word_last: its letters, without underscores around them; hashed: theirs.
        run_start, word_first, word_last = at, -1, -1
        letters, whole, before = kind == LETTER, kind != DIGIT, kind
        hashed = FNV_OFFSET
        if kind == LETTER:
            word_first, word_last = at, behind
            hashed = hash_bytes(hashed, data, at, behind)
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
                hashed = (hashed ^ U(data[at])) * FNV_PRIME
                if behind > at + 1:
                    hashed = hash_bytes(hashed, data, at + 1, behind)
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
                    hashed = hash_bytes(hashed, data, at, behind)
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
                form = find_form(slots, forms, form_data, hashed, data, word_first, word_last)
                word_form[count] = form
                names_it[count] = opening != OPEN and form >= 0 and forms[form, tables.CASE] == CAPITALISED
            else:
                word_form[count] = -2
                names_it[count] = False
            count += 1
        opening = WITHIN
    return count


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
