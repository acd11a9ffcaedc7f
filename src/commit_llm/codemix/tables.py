"""The lexicon as arrays, for the compiled engine: a hash table of surface forms and the bytes of the translations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.explanation import Outcome
from commit_llm.codemix.lexicon import Case, Lexicon, cumulated, written
from commit_llm.codemix.randomness import text64


class Table(NamedTuple):
    """Surface forms and their translations, in UTF-8. Numba takes a tuple of arrays as it is.

    slots (a power of two, int32): the form at a hash's place, or -1; open addressing, linear probing.
    A form f: its hash (FNV-1a) and bytes form_data[form_start[f]:form_start[f + 1]], its case and outcome (the enums
    of lexicon.py and explanation.py), the hash of its dictionary key, its translations target_first[f] up to
    target_first[f + 1].
    A translation t: bytes target_data[target_start[t]:target_start[t + 1]], its cumulative chance, and whether it
    changes the word.
    """

    slots: np.ndarray
    form_hash: np.ndarray
    form_start: np.ndarray
    form_data: np.ndarray
    form_case: np.ndarray
    form_outcome: np.ndarray
    form_key: np.ndarray
    target_first: np.ndarray
    target_start: np.ndarray
    target_data: np.ndarray
    target_cumulative: np.ndarray
    target_changes: np.ndarray


# A form, its case, outcome and key's hash, its translations and their cumulative chances.
Row = tuple[str, int, int, int, Sequence[str], Sequence[float]]


def lexicon_table(lexicon: Lexicon) -> Table:
    """The table of style `clean`."""
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
    """The table of style `original`: exact words, duplicates and identity translations kept."""
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
    hashes = np.array([text64(form) for form in forms], np.uint64)
    form_start, form_data = _joined(forms)
    target_start, target_data = _joined(targets)
    return Table(
        _slots(hashes),
        hashes,
        form_start,
        form_data,
        np.array(cases, np.uint8),
        np.array(outcomes, np.uint8),
        np.array(keys, np.uint64),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        target_start,
        target_data,
        np.array(chances, np.float64),
        np.array(changes, np.uint8),
    )


def _joined(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in encoded])]).astype(np.int64)
    return starts, np.frombuffer(b"".join(encoded) + b"\0", np.uint8)


def _slots(hashes: np.ndarray) -> np.ndarray:
    """Each form's index at the first free place from its hash on; at most a third of the places are taken."""
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
