"""Make arrays of the lexicon, for the compiled engine: a hash table of surface forms, and the bytes of translations."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.dictionaries.lexicon import Case, Lexicon, cumulated, written
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.randomness import text64_all


class Table(NamedTuple):
    """Hold surface forms and their translations, in UTF-8. Numba takes a tuple of arrays as it is.

    slots: int32 (a power of two,), the form at a hash's place, or -1; open addressing, linear probing.
    forms: uint64 (forms, 8), so that a look-up reads one line of memory: a row has the columns named below.
    form_data: uint8, the bytes of all forms.
    targets: uint64 (translations, 4): a row has the other columns named below.
    target_data: uint8, the bytes of all translations.
    """

    slots: np.ndarray
    forms: np.ndarray
    form_data: np.ndarray
    targets: np.ndarray
    target_data: np.ndarray


# The columns of `forms`: the form's hash (FNV-1a); its bytes, form_data[start:end]; its case and outcome (the enums of
# lexicon.py and outcome.py); the hash of its dictionary key; its translations, first up to last.
HASH, START, END, CASE, OUTCOME, KEY, FIRST_TARGET, LAST_TARGET = range(8)
# The columns of `targets`: the threshold of its cumulative chance; its bytes, target_data[start:end]; whether it
# changes the word.
THRESHOLD, TARGET_START, TARGET_END, CHANGES = range(4)

# A form, its case, outcome and key's hash, its translations and their cumulative chances.
Row = tuple[str, int, int, int, Sequence[str], Sequence[float]]


def lexicon_table(lexicon: Lexicon) -> Table:
    """Make the table of style `clean`."""
    return _table(
        (
            form,
            case,
            entry.outcome,
            entry.key64,
            [written(translation, case) for translation in entry.translations],
            entry.cumulative,
        )
        for form, (entry, case) in lexicon.items()
    )


def original_table(translations: Mapping[str, Sequence[str]]) -> Table:
    """Make the table of style `original`: exact words, with duplicates and identity translations."""
    return _table(
        (word, Case.EXACT, Outcome.NOT_DRAWN, 0, targets, cumulated([1] * len(targets)))
        for word, targets in translations.items()
    )


def _table(rows: Iterable[Row]) -> Table:
    forms, cases, outcomes, keys, counts, changes = [], [], [], [], [], []
    targets: list[str] = []
    chances: list[float] = []
    for form, case, outcome, key, translations, cumulative in rows:
        forms.append(form)
        cases.append(case)
        outcomes.append(outcome)
        keys.append(key)
        targets += translations
        chances += cumulative
        counts.append(len(translations))
        changes += [translation != form for translation in translations]
    encoded = _encoded(forms)
    form_start, form_data = _joined(encoded)
    target_start, target_data = _joined(_encoded(targets))
    first_target = np.concatenate([[0], np.cumsum(counts)])
    table = np.empty((len(forms), 8), np.uint64)
    table[:, HASH] = text64_all(encoded)
    table[:, START], table[:, END] = form_start[:-1], form_start[1:]
    table[:, CASE], table[:, OUTCOME], table[:, KEY] = cases, outcomes, keys
    table[:, FIRST_TARGET], table[:, LAST_TARGET] = first_target[:-1], first_target[1:]
    of_targets = np.empty((len(targets), 4), np.uint64)
    of_targets[:, THRESHOLD] = np.ceil(np.array(chances, np.float64) * 2**53)  # threshold
    of_targets[:, TARGET_START], of_targets[:, TARGET_END] = target_start[:-1], target_start[1:]
    of_targets[:, CHANGES] = changes
    return Table(_slots(table[:, HASH]), table, form_data, of_targets, target_data)


def threshold(chance: float) -> int:
    """Give the integer below which the upper 53 bits of a draw are if the draw, as a float, is below the chance.

    >>> from commit_llm.codemix.randomness import unit_float
    >>> unit_float(threshold(0.3) - 1 << 11) < 0.3 <= unit_float(threshold(0.3) << 11)
    True
    """
    return math.ceil(chance * 2**53)


def _encoded(texts: Sequence[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in texts]


def _joined(encoded: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.concatenate([[0], np.cumsum([len(part) for part in encoded])]).astype(np.int64)
    return starts, np.frombuffer(b"".join(encoded) + b"\0", np.uint8)


def _slots(hashes: np.ndarray) -> np.ndarray:
    """Put each form's index at the first free place from its hash on; at most a third of the places are taken."""
    size = 1 << max(4, (3 * len(hashes)).bit_length())
    slots = np.full(size, -1, np.int32)
    waiting, places = np.arange(len(hashes)), (hashes & np.uint64(size - 1)).astype(np.int64)
    while len(waiting):
        # Of the forms that want one free place the first one gets it; the others go on to the next place.
        free = np.flatnonzero(slots[places] == -1)
        _, firsts = np.unique(places[free], return_index=True)
        taken = free[firsts]
        slots[places[taken]] = waiting[taken]
        left = np.ones(len(waiting), bool)
        left[taken] = False
        waiting, places = waiting[left], (places[left] + 1) % size
    return slots
