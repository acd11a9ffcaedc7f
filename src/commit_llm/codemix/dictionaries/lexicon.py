"""Make the lexicon: every surface form that the mixer looks up, and what may stand in its place.

A dictionary of lower-case words is looked up in running text, so each word is entered as it stands, capitalised and
in capitals; also with the other apostrophe, and decomposed. Both engines look up the surface as it is, and so fold
no case of their own.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from commit_llm.codemix.dictionaries.cleaning import CleanDictionary
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.randomness import text64_all


class Case(IntEnum):
    """Say how a surface form is written, beside the dictionary's word."""

    EXACT = 0
    CAPITALISED = 1  # a fallback: allowed where every occurrence in the example opens a sentence, a line or a field
    CAPITALS = 2  # an acronym: no fallback, unless it is asked for


@dataclass(frozen=True)
class Entry:
    """Hold a word of the dictionary.

    key64: its hash, the place of its draws.
    translations: those that may stand in its place.
    cumulative: translations[i] is drawn where a uniform number in [0, 1) is below cumulative[i] and not below the one
        before it.
    outcome: NOT_DRAWN where it can be replaced, else IDENTITY_ONLY or SKIPPED.
    """

    key64: int
    translations: tuple[str, ...]
    cumulative: tuple[float, ...]
    outcome: Outcome


class SurfaceForm(NamedTuple):
    """Hold the entry of a surface form, and how the form is written."""

    entry: Entry
    case: Case


def make_lexicon(
    dictionaries: Sequence[CleanDictionary],
    weights: Sequence[float],
    choice: str = "uniform",
    skip_words: frozenset[str] = frozenset(),
) -> dict[str, SurfaceForm]:
    """Make all surface forms of the words of one or several dictionaries.

    weights: of the dictionaries. A word that several have is drawn from each with a chance in proportion to them.
    choice: within one dictionary every translation has the same chance (`uniform`), or the first one all (`first`).
    skip_words: words that are not to be replaced, in any case.
    """
    skipped = {word.casefold() for word in skip_words}
    words = dict.fromkeys(word for dictionary in dictionaries for word in dictionary.translations)
    keys = text64_all([word.encode("utf-8", "surrogatepass") for word in words]).tolist()
    entries = {}
    for word, key in zip(words, keys, strict=True):
        translations: list[str] = []
        chances: list[float] = []
        for dictionary, weight in zip(dictionaries, weights, strict=True):
            targets = dictionary.translations.get(word, ())
            targets = targets[:1] if choice == "first" else targets
            translations += targets
            chances += [weight / len(targets) for _ in targets]
        outcome = Outcome.NOT_DRAWN if translations else Outcome.IDENTITY_ONLY
        if word.casefold() in skipped:
            outcome = Outcome.SKIPPED
        entries[word] = Entry(key, tuple(translations), cumulated(chances), outcome)
    forms: dict[str, SurfaceForm] = {word: SurfaceForm(entry, Case.EXACT) for word, entry in entries.items()}
    # What stands in the dictionary comes before what is derived from it; capitals last, since "A" is both.
    for case in Case:
        for word, entry in entries.items():
            for form in _variants(written(word, case)):
                forms.setdefault(form, SurfaceForm(entry, case))
    return forms


def cumulated(chances: Sequence[float]) -> tuple[float, ...]:
    """Give cumulative shares of the chances; the last is exactly 1.

    >>> cumulated([1, 1, 2])
    (0.25, 0.5, 1.0)
    """
    if len(chances) == 1:
        return (1.0,)
    total = sum(chances)
    sums = [sum(chances[: n + 1]) / total for n in range(len(chances))]
    return (*sums[:-1], 1.0) if sums else ()


def written(text: str, case: Case) -> str:
    """Write a dictionary's word, or its translation, in the case of the surface form.

    >>> [written("ο σκύλος", case) for case in Case]
    ['ο σκύλος', 'Ο σκύλος', 'Ο ΣΚΎΛΟΣ']
    """
    if case is Case.EXACT:
        return text
    return text.upper() if case is Case.CAPITALS else text[:1].title() + text[1:]


def _variants(form: str) -> Iterator[str]:
    """Give a form with either apostrophe, composed and decomposed."""
    if form.isascii() and "'" not in form:  # most of the English ones
        yield form
        return
    for apostrophised in {form, form.replace("'", "’"), form.replace("’", "'")}:
        yield apostrophised
        if not form.isascii():
            yield unicodedata.normalize("NFC", apostrophised)
            yield unicodedata.normalize("NFD", apostrophised)


def outcome_of(form: SurfaceForm | None, is_name: bool, all_capitals: bool) -> Outcome:
    """Say what becomes of a word before the draw: NOT_DRAWN where it can be replaced.

    is_name: whether somewhere in the example this capitalised form stands within a sentence.
    all_capitals: whether capitalised forms fall back wherever they stand, and words in capitals too.
    """
    if form is None:
        return Outcome.NOT_IN_DICTIONARY
    if form.entry.outcome is not Outcome.NOT_DRAWN:
        return form.entry.outcome
    falls_back = all_capitals or form.case is Case.EXACT or (form.case is Case.CAPITALISED and not is_name)
    return Outcome.NOT_DRAWN if falls_back else Outcome.NAME


Lexicon = Mapping[str, SurfaceForm]
