"""Find phrases and sentences as codemix/engine/reading.py does, in compiled code."""

from typing import NamedTuple

import numpy as np

from commit_llm.codemix.dictionaries.phrases import MOST_WORDS
from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.canonical import RESPELT
from commit_llm.codemix.engine.kernel.compiling import compiled, compiled_apart
from commit_llm.codemix.engine.kernel.eights import U, decode, is_ascii, is_same
from commit_llm.codemix.engine.kernel.lookup import find_form, hash_form
from commit_llm.codemix.engine.kernel.respelling import find_respelt, may_be_respelt, place_of
from commit_llm.codemix.engine.kernel.scan import LINE_BREAK, SPACE, UNTOUCHED

HYPHEN, BLANK = ord("-"), ord(" ")
LENGTHS = MOST_WORDS - 1  # of phrases: from two words on
START, END, FIRST, BEHIND, RECORD, FIRST_SPAN, BEHIND_SPAN, CUT, COLUMNS = range(9)  # of a sentence


class Units(NamedTuple):
    """Hold the phrases and sentences of an example; each array has room for all that there can be.

    candidates: uint8, of each word the lengths of phrases that begin with it: bit n for n + 2 words.
    phrases: (words, LENGTHS), the records of these phrases.
    sentences: (sentences, COLUMNS), those of which there is a translation: their bytes; the numbers of their first word
        and the one behind the last; their record; their first protected span and the one behind the last; and whether
        a span reaches beyond them.
    first_sentences: of each field.
    buffer, written: bytes, for a text with the white space of its key; written is the same memory, to read.
    kept: uint8, a zero for every sentence of the table, and zeros again afterwards.
    no_pairs: (0, 2), the brackets of a text in which none are looked for.
    """

    candidates: np.ndarray
    phrases: np.ndarray
    sentences: np.ndarray
    first_sentences: np.ndarray
    buffer: np.ndarray
    written: np.ndarray
    kept: np.ndarray
    no_pairs: np.ndarray


@compiled_apart
def find_phrases(classes, equivalence, table, data, first, behind, words, units):
    """Find the phrases that begin with the words of a text."""
    _, _, halves, _, longest, beginnings = table
    starts, ends, _, places, _, _ = words
    candidates, phrases, buffer, written = units.candidates, units.phrases, units.buffer, units.written
    for word in range(first, behind):
        candidates[word] = 0
        if places[word] < 0:
            continue
        most = min(np.int64(longest[halves[2 * places[word] + tables.ENTRY]]), behind - word)
        if most < 2:
            continue
        # With a space or hyphen between words they are a phrase as they stand; so far they are.
        as_it_stands, joined, length = True, 1, np.int64(0)
        while joined < most and places[word + joined] != UNTOUCHED:
            at, next_start = ends[word + joined - 1], starts[word + joined]
            single = at + 1 == next_start and (data[at] == BLANK or data[at] == HYPHEN)
            if not single and not is_blank(classes, data, at, next_start):
                break
            if as_it_stands and not single:
                as_it_stands = False
                length = write(data, starts[word], at, buffer, length)
            if not as_it_stands:
                buffer[length] = data[at] if single else BLANK
                length = write(data, next_start, ends[word + joined], buffer, length + 1)
            joined += 1
            if as_it_stands:
                start, end = starts[word], ends[word + joined - 1]
                hashed = hash_form(data, start, end)
                if not is_beginning(beginnings, hashed) and is_ascii(data, start, end):
                    break
                record = find_any(equivalence, table, data, start, end, hashed)
            else:
                hashed = hash_form(written, np.int64(0), length)
                if not is_beginning(beginnings, hashed) and is_ascii(written, np.int64(0), length):
                    break
                record = find_any(equivalence, table, written, np.int64(0), length, hashed)
            if record >= 0:
                candidates[word] |= 1 << (joined - 2)
                phrases[word, joined - 2] = record


@compiled
def is_beginning(beginnings, hashed):
    """Say whether words of this hash may be the beginning of a phrase."""
    place = hashed >> U(tables.BIT_SHIFT) & U(64 * len(beginnings) - 1)
    return beginnings[place >> U(6)] >> (place & U(63)) & U(1) != U(0)


@compiled_apart
def find_any(equivalence, table, data, start, end, hashed):
    """Find the form of these bytes in any spelling; -1 where there is none. hashed: their hash."""
    slots, records, halves, _, _, _ = table
    record = find_form(slots, records, halves, hashed, data, start, end)
    if record < 0 and may_be_respelt(equivalence.about, data, start, end):
        record = find_respelt(equivalence, slots, records, halves, data, start, end)
    return record


@compiled
def is_blank(classes, data, at, end):
    """Say whether there are spaces between two places, and nothing else."""
    if at == end:
        return False
    while at < end:
        point, at = decode(data, at)
        if classes[point] != SPACE:
            return False
    return True


@compiled
def write(data, start, end, out, at):
    """Copy bytes, and nothing behind them; gives the place behind them."""
    for n in range(end - start):
        out[at + n] = data[start + n]
    return at + end - start


@compiled_apart
def find_sentences(
    classes, equivalence, table, data, start, end, breaks, first_break, behind_break, first_word, behind_word, spans,
    span, last_span, words, units, count,
):  # fmt: skip
    """Find the sentences of a text that have a word and a translation; gives their number. count: those before."""
    starts, ends, _, places, _, _ = words
    sentences = units.sentences
    word, at = first_word, start
    for n in range(first_break, behind_break + 1):
        behind = breaks[n] if n < behind_break else end
        sentence_start, sentence_end, at = at, behind, behind
        while sentence_start < sentence_end:
            point, following = decode(data, sentence_start)
            if classes[point] != SPACE and classes[point] != LINE_BREAK:
                break
            sentence_start = following
        while sentence_end > sentence_start:
            before = sentence_end - 1
            while data[before] & 0xC0 == 0x80:
                before -= 1
            point, _ = decode(data, before)
            if classes[point] != SPACE and classes[point] != LINE_BREAK:
                break
            sentence_end = before
        while word < behind_word and ends[word] <= sentence_start:
            word += 1
        first, some = word, False
        while word < behind_word and starts[word] < sentence_end:
            some = some or places[word] != UNTOUCHED
            word += 1
        if not some:
            continue
        if is_key(data, sentence_start, sentence_end):
            hashed = hash_form(data, sentence_start, sentence_end)
            record = find_any(equivalence, table, data, sentence_start, sentence_end, hashed)
        else:
            length = write_key(classes, equivalence, data, sentence_start, sentence_end, units.buffer)
            hashed = hash_form(units.written, np.int64(0), max(length, 1))
            record = find_any(equivalence, table, units.written, np.int64(0), length, hashed) if length else -1
        if record < 0:
            continue
        while span < last_span and spans[span, 1] <= sentence_start:
            span += 1
        behind_span, cut = span, False
        while behind_span < last_span and spans[behind_span, 0] < sentence_end:
            cut = cut or spans[behind_span, 0] < sentence_start or spans[behind_span, 1] > sentence_end
            behind_span += 1
        sentences[count, START], sentences[count, END] = sentence_start, sentence_end
        sentences[count, FIRST], sentences[count, BEHIND] = first, word
        sentences[count, RECORD], sentences[count, CUT] = record, cut
        sentences[count, FIRST_SPAN], sentences[count, BEHIND_SPAN] = span, behind_span
        count += 1
    return count


@compiled
def is_key(data, at, end):
    """Say whether a sentence surely is its own key: ASCII, without other white space than single spaces."""
    before = BLANK
    while at < end:
        byte = data[at]
        if byte < BLANK or byte >= 0x7F or (byte == BLANK and before == BLANK):
            return False
        before = byte
        at += 1
    return True


@compiled_apart
def write_key(classes, equivalence, data, at, end, out):
    """Write a sentence with single spaces, and without what its spelling leaves out; gives the number of bytes."""
    length, blank = 0, False
    while at < end:
        point, following = decode(data, at)
        kind = classes[point]
        if kind == SPACE or kind == LINE_BREAK:
            blank = length > 0
        elif point < 0x80 or not is_left_out(equivalence, point):
            if blank:
                out[length] = BLANK
                length += 1
                blank = False
            length = write(data, at, following, out, length)
        at = following
    return length


@compiled
def is_left_out(equivalence, point):
    """Say whether spelling.respelt leaves a code point out."""
    if not equivalence.about[point] & RESPELT:
        return False
    return equivalence.spelt[place_of(equivalence.respelt, point)] < 0


@compiled_apart
def has_all(data, spans, sentence, words, octets, start, end):
    """Say whether a translation, octets[start:end], has all that is protected in a sentence, as often."""
    starts, ends, _, places, _, _ = words
    if sentence[CUT]:
        return False
    first, behind = sentence[FIRST_SPAN], sentence[BEHIND_SPAN]
    for span in range(first, behind):
        if not has_part(data, spans, sentence, words, octets, start, end, spans[span, 0], spans[span, 1]):
            return False
    for word in range(sentence[FIRST], sentence[BEHIND]):
        if places[word] == UNTOUCHED and not overlaps(spans, first, behind, starts[word], ends[word]):
            if not has_part(data, spans, sentence, words, octets, start, end, starts[word], ends[word]):
                return False
    return True


@compiled_apart
def has_part(data, spans, sentence, words, octets, start, end, part_start, part_end):
    """Say whether a translation has a protected part as often as the sentence has the same."""
    starts, ends, _, places, _, _ = words
    first, behind = sentence[FIRST_SPAN], sentence[BEHIND_SPAN]
    needed = 0
    for span in range(first, behind):
        needed += is_same(data, spans[span, 0], spans[span, 1], data, part_start, part_end)
    for word in range(sentence[FIRST], sentence[BEHIND]):
        if places[word] == UNTOUCHED and not overlaps(spans, first, behind, starts[word], ends[word]):
            needed += is_same(data, starts[word], ends[word], data, part_start, part_end)
    length, at = part_end - part_start, start
    while needed and at + length <= end:
        if is_same(octets, at, at + length, data, part_start, part_end):
            needed -= 1
            at += length
        else:
            at += 1
    return needed == 0


@compiled
def overlaps(spans, first, behind, start, end):
    """Say whether one of some spans has a byte between two places."""
    for span in range(first, behind):
        if spans[span, 0] < end and start < spans[span, 1]:
            return True
    return False
