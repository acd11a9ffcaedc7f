"""Make arrays of the lexicon, for the compiled engine: a hash table of surface forms, and all that belongs to each."""

import math
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.dictionaries.case import Case, written
from commit_llm.codemix.dictionaries.lexicon import Entry, Lexicon, SurfaceForm, cumulated
from commit_llm.codemix.dictionaries.phrases import words_of
from commit_llm.codemix.dictionaries.sentence_lexicon import SentenceLexicon
from commit_llm.codemix.finding.spelling import spelling
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.randomness import text64_all


class Table(NamedTuple):
    """Hold surface forms and their translations, in UTF-8. Numba takes a tuple of arrays as it is.

    A processor waits for memory longer than it computes, so all that belongs to a form lies together.

    slots: uint64 (a power of two,): a record's place plus one, and in the upper half that of its form's hash; or zero.
        Open addressing, linear probing.
    records: uint64. A record is KEY_WORDS words, the form's bytes, TARGET_WORDS words for each translation, and the
        translations' bytes. Bytes begin a new word; zeros fill their last one.
    halves, octets: the same memory as uint32 and uint8.
    longest: uint8 (entries,): of the longest phrase that begins with a form of the entry, how many words it has; or 0.
        An entry is a dictionary's word, or one that is nothing but the first of a phrase; each may have several forms.
    beginnings: uint64 (a power of two,), bits: one is set, as BIT_SHIFT says, for the first two words of each phrase,
        the first three and so on. Most words that follow each other begin none, and need not be looked up further.
    """

    slots: np.ndarray
    records: np.ndarray
    halves: np.ndarray
    octets: np.ndarray
    longest: np.ndarray
    beginnings: np.ndarray


# The halves of a record's first words, behind the hash of its dictionary key: the number of its entry; the length of
# its form in bytes; the number of its translations; its case and outcome, as case_and_outcome packs them.
ENTRY, LENGTH, TARGETS, KIND, KEY_WORDS = 2, 3, 4, 5, 3
# Those of a translation, behind the threshold of its cumulative chance: its bytes, from the record's first byte on.
TARGET_START, TARGET_END, TARGET_WORDS = 2, 3, 2
SEED, MULTIPLIER = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93  # of the hash of forms, which is not a part of any draw

BIT_SHIFT = 20  # of a hash, for the place of its bit among the beginnings
AT_A_TIME = 8192  # pieces, which may be sentences
# What stands for a word that begins a phrase, and is not in the dictionary itself.
FIRST_WORD = SurfaceForm(Entry(0, (), (), (), Outcome.NOT_IN_DICTIONARY), Case.EXACT)

# A form, its case, outcome, key's hash and entry's number, its translations and their cumulative chances.
Row = tuple[str, int, int, int, int, Sequence[str], Sequence[float]]


def lexicon_table(lexicon: Lexicon) -> Table:
    """Make the table of style `clean`."""
    first_words = _first_words(lexicon)
    forms = dict.fromkeys(first_words, FIRST_WORD) | dict(lexicon.forms)
    numbers: dict[int, int] = {}
    table = _table(
        (
            form,
            case,
            entry.outcome,
            entry.key64,
            numbers.setdefault(id(entry), len(numbers)),
            [written(text, case, language) for text, language in zip(entry.translations, entry.languages, strict=True)],
            entry.cumulative,
        )
        for form, (entry, case) in chain(forms.items(), _decomposed(forms))
    )
    if first_words:
        # A word is found as it stands before it is found in another spelling, a phrase in any.
        longest = {spelling(word): count for word, count in first_words.items()}
        for form, surface in forms.items():
            number = numbers[id(surface.entry)]
            table.longest[number] = max(table.longest[number], longest.get(spelling(form), 0))
        table = table._replace(beginnings=_beginnings([form for form, (entry, _) in forms.items() if entry.words > 1]))
    return table


def sentence_table(lexicon: SentenceLexicon) -> Table:
    """Make the table of sentences, by their keys."""

    def hashed_keys() -> Iterator[tuple[str, int]]:
        keys = lexicon.keys()
        while some := [*islice(keys, AT_A_TIME)]:
            hashes = text64_all([key.encode("utf-8", "surrogatepass") for key in some]).tolist()
            yield from zip(some, hashes, strict=True)

    def rows() -> Iterator[Row]:
        for number, (key, hashed) in enumerate(hashed_keys()):
            translations, _, cumulative = lexicon.choices(key)
            for form in dict.fromkeys((key, key if key.isascii() else unicodedata.normalize("NFD", key))):
                yield form, Case.EXACT, Outcome.NOT_DRAWN, hashed, number, translations, cumulative

    return _table(rows())


def original_table(translations: Mapping[str, Sequence[str]]) -> Table:
    """Make the table of style `original`: exact words, with duplicates and identity translations."""
    return _table(
        (word, Case.EXACT, Outcome.NOT_DRAWN, 0, 0, targets, cumulated([1] * len(targets)))
        for word, targets in translations.items()
    )


def case_and_outcome(case: int, outcome: int) -> int:
    """Pack both into one number: case * 8 + outcome."""
    return case << 3 | outcome


def _first_words(lexicon: Lexicon) -> dict[str, int]:
    """Give the first word of each phrase, and how many words the longest one with it has."""
    longest: dict[str, int] = {}
    if lexicon.longest_phrase > 1:
        for form, (entry, _) in lexicon.forms.items():
            if entry.words > 1:
                first = words_of(form)[0]
                longest[first] = max(longest.get(first, 0), entry.words)
    return longest


def _beginnings(phrases: Iterable[str]) -> np.ndarray:
    """Make the bits of the beginnings of phrases, a sixteenth of them set at most."""
    texts = {phrase[: gap.start()] for phrase in phrases for gap in re.finditer("[ -]|$", phrase)}
    hashes = _hash_texts([text for text in texts if len(words_of(text)) > 1])
    bits = np.zeros(2 << (len(hashes) // 4).bit_length(), np.uint64)
    places = hashes >> np.uint64(BIT_SHIFT) & np.uint64(64 * len(bits) - 1)
    np.bitwise_or.at(bits, (places >> np.uint64(6)).astype(np.int64), np.uint64(1) << (places & np.uint64(63)))
    return bits


def _hash_texts(texts: Sequence[str]) -> np.ndarray:
    """Hash texts as forms are."""
    lengths, data = _joined(texts)
    words = -(-lengths // 8)
    starts = np.cumsum(words) - words
    eights = np.zeros(int(words.sum()), np.uint64)
    _scatter(eights.view(np.uint8), 8 * starts, lengths, data)
    return _hash_forms(eights, starts, words)


def _decomposed(forms: Mapping[str, SurfaceForm]) -> Iterator[tuple[str, SurfaceForm]]:
    """Give the decomposed forms (NFD), where they are others; respelling.py looks for them."""
    for form, surface in forms.items():
        if not form.isascii() and (decomposed := unicodedata.normalize("NFD", form)) not in forms:
            yield decomposed, surface


def _table(rows: Iterable[Row]) -> Table:
    forms, kinds, keys, entries, counts = [], [], [], [], []
    targets: list[str] = []
    chances: list[float] = []
    for form, case, outcome, key, entry, translations, cumulative in rows:
        forms.append(form)
        kinds.append(case_and_outcome(case, outcome))
        keys.append(key)
        entries.append(entry)
        targets += translations
        chances += cumulative
        counts.append(len(translations))
    form_lengths, form_data = _joined(forms)
    target_lengths, target_data = _joined(targets)
    of_form = np.array(counts, np.int64)
    # Places in words: of records, of their first translations' words, and, in bytes, of translations.
    form_words = -(-form_lengths // 8)
    borders = np.concatenate([[0], np.cumsum(target_lengths)])
    firsts = np.concatenate([[0], np.cumsum(of_form)])
    target_words = -(-np.diff(borders[firsts]) // 8)
    sizes = KEY_WORDS + form_words + TARGET_WORDS * of_form + target_words
    places = np.cumsum(sizes) - sizes
    records = np.zeros(int(sizes.sum()) + 8, np.uint64)  # and some, so that copies of blocks stay within
    halves, octets = records.view(np.uint32), records.view(np.uint8)
    records[places] = np.array(keys, np.uint64)
    for half, values in ((ENTRY, entries), (LENGTH, form_lengths), (TARGETS, counts), (KIND, kinds)):
        halves[2 * places + half] = values
    _scatter(octets, 8 * (places + KEY_WORDS), form_lengths, form_data)
    record = np.repeat(np.arange(len(forms)), of_form)  # of each translation
    words = places + KEY_WORDS + form_words
    place = words[record] + TARGET_WORDS * (np.arange(len(targets)) - firsts[record])
    start = 8 * (words + TARGET_WORDS * of_form - places)[record] + borders[:-1] - borders[firsts[record]]
    records[place] = np.ceil(np.array(chances, np.float64) * 2**53).astype(np.uint64)  # threshold
    halves[2 * place + TARGET_START], halves[2 * place + TARGET_END] = start, start + target_lengths
    _scatter(octets, 8 * places[record] + start, target_lengths, target_data)
    octets.setflags(write=False)  # as texts are: Numba compiles what copies them once
    hashes = _hash_forms(records, places + KEY_WORDS, form_words)
    longest = np.zeros(max(entries, default=0) + 1, np.uint8)
    return Table(_slots(hashes, places), records, halves, octets, longest, np.zeros(1, np.uint64))


def threshold(chance: float) -> int:
    """Give the integer below which the upper 53 bits of a draw are if the draw, as a float, is below the chance.

    >>> from commit_llm.codemix.randomness import unit_float
    >>> unit_float(threshold(0.3) - 1 << 11) < 0.3 <= unit_float(threshold(0.3) << 11)
    True
    """
    return math.ceil(chance * 2**53)


def _joined(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Give the lengths of texts in UTF-8, and their bytes."""
    lengths, data = array("q"), bytearray()  # a list of bytes would take twice as much memory
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        lengths.append(len(encoded))
        data += encoded
    return np.frombuffer(lengths, np.int64), np.frombuffer(data, np.uint8)


def _scatter(octets: np.ndarray, places: np.ndarray, lengths: np.ndarray, data: np.ndarray) -> None:
    """Write pieces of these lengths, which lie in a row, to their places; some at a time, which takes less memory."""
    starts = np.concatenate([[0], np.cumsum(lengths)])
    for first in range(0, len(lengths), AT_A_TIME):
        some = slice(first, first + AT_A_TIME)
        start, end = starts[first], starts[min(first + AT_A_TIME, len(lengths))]
        octets[np.repeat(places[some] - starts[:-1][some], lengths[some]) + np.arange(start, end)] = data[start:end]


def _hash_forms(records: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Hash forms, of which the words of bytes begin at starts: all of them a word at a time."""
    hashes = np.full(len(starts), SEED, np.uint64)
    longer = np.arange(len(starts))
    for n in range(int(counts.max(initial=0))):
        longer = longer[counts[longer] > n]
        state = (hashes[longer] ^ records[starts[longer] + n]) * np.uint64(MULTIPLIER)
        hashes[longer] = state ^ (state >> np.uint64(32))
    return hashes


def _slots(hashes: np.ndarray, records: np.ndarray) -> np.ndarray:
    """Put each record at the first free place from its hash on; a third to two thirds of the places are taken."""
    size = 1 << max(4, (3 * len(hashes) // 2).bit_length())
    slots = np.zeros(size, np.uint64)
    waiting, places = np.arange(len(hashes)), (hashes & np.uint64(size - 1)).astype(np.int64)
    entries = hashes >> np.uint64(32) << np.uint64(32) | (records + 1).astype(np.uint64)
    while len(waiting):
        # Of the forms that want one free place the first one gets it; the others go on to the next place.
        free = np.flatnonzero(slots[places] == 0)
        _, firsts = np.unique(places[free], return_index=True)
        taken = free[firsts]
        slots[places[taken]] = entries[waiting[taken]]
        left = np.ones(len(waiting), bool)
        left[taken] = False
        waiting, places = waiting[left], (places[left] + 1) % size
    return slots
