"""Make the lexicon: every surface form that the mixer looks up, and what may stand in its place.

A dictionary of lower-case words is looked up in running text, so each word is entered as it stands, capitalised and
in capitals, as its language writes them. Both engines look up the surface as it is, and so fold no case of their own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple

from commit_llm.codemix.dictionaries.case import Case, all_written, lower_case
from commit_llm.codemix.dictionaries.cleaning import CleanDictionary
from commit_llm.codemix.dictionaries.frequencies import counted_form
from commit_llm.codemix.dictionaries.phrases import words_of
from commit_llm.codemix.finding.spelling import nfc, spelling
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.randomness import text64_all


@dataclass(frozen=True)
class Entry:
    """Hold a word or phrase of the dictionary, or a sentence of a file of sentences.

    key64: its hash, the place of its draws.
    translations: those that may stand in its place.
    languages: of each translation, its code, or None where it is not known.
    cumulative: translations[i] is drawn where a uniform number in [0, 1) is below cumulative[i] and not below the one
        before it.
    outcome: NOT_DRAWN where it can be replaced, else IDENTITY_ONLY or SKIPPED.
    words: how many it is; a sentence counts as one here.
    """

    key64: int
    translations: tuple[str, ...]
    languages: tuple[str | None, ...]
    cumulative: tuple[float, ...]
    outcome: Outcome
    words: int = 1

    @property
    def chances(self) -> list[float]:
        """Give the chance of each translation to be the one that is drawn."""
        return [two - one for one, two in pairwise((0.0, *self.cumulative))]


class SurfaceForm(NamedTuple):
    """Hold the entry of a surface form, and how the form is written."""

    entry: Entry
    case: Case


@dataclass(frozen=True)
class Lexicon:
    """Hold all surface forms, composed (NFC)."""

    forms: Mapping[str, SurfaceForm]

    @cached_property
    def longest_phrase(self) -> int:
        """Count the words of the longest phrase; 1 where there are words alone."""
        return max((form.entry.words for form in self.forms.values()), default=1)

    def find(self, surface: str) -> SurfaceForm | None:
        """Give the form of a word of a text, however it is spelt (`spelling`)."""
        form = self.forms.get(surface)
        if form is not None or surface.isascii():
            return form
        composed = nfc(surface)
        return self.forms.get(composed) or self.forms.get(spelling(composed))

    def has_translation(self, surface: str) -> bool:
        """Say whether there is a translation of a word of a text."""
        form = self.find(surface)
        return form is not None and bool(form.entry.translations)


class Skips:
    """Hold the words to skip: a dictionary's word is among them in whatever case and spelling they have it."""

    def __init__(self, words: Iterable[str], languages: Collection[str | None]) -> None:
        self.languages = languages
        self.spelt = frozenset(map(spelling, words))
        self.lower = {lower_case(word, language) for word in self.spelt for language in languages}

    def __contains__(self, word: str) -> bool:
        if not self.spelt:
            return False
        if any(lower_case(spelling(word), language) in self.lower for language in self.languages):
            return True
        # Letters may be others in capitals: ΣΚΥΛΟΣ is σκύλος, and STRASSE straße.
        forms = (form for language in self.languages for case in Case for form in all_written(word, case, language))
        return any(spelling(form) in self.spelt for form in forms)


def make_lexicon(
    dictionaries: Sequence[CleanDictionary],
    weights: Sequence[float],
    choice: str = "uniform",
    skip_words: frozenset[str] = frozenset(),
) -> Lexicon:
    """Make all surface forms of the words and phrases of one or several dictionaries.

    weights: of the dictionaries. A word that several have is drawn from each with a chance in proportion to them.
    choice: of the translations within one dictionary (`drawn_from`).
    skip_words: words that are not to be replaced, in any case and spelling.
    """
    sources = list(dict.fromkeys(dictionary.languages.source for dictionary in dictionaries))
    skips = Skips(skip_words, sources)
    words = dict.fromkeys(word for dictionary in dictionaries for word in dictionary.translations)
    keys = text64_all([word.encode("utf-8", "surrogatepass") for word in words]).tolist()
    entries = {}
    for word, key in zip(words, keys, strict=True):
        translations: list[str] = []
        languages: list[str | None] = []
        chances: list[float] = []
        for dictionary, weight in zip(dictionaries, weights, strict=True):
            targets, of_targets = drawn_from(dictionary, word, choice, weight)
            translations += targets
            languages += [dictionary.languages.target] * len(targets)
            chances += of_targets
        outcome = Outcome.NOT_DRAWN if translations else Outcome.IDENTITY_ONLY
        parts = words_of(word)
        if any(part in skips for part in parts):
            outcome = Outcome.SKIPPED
        entries[word] = Entry(key, tuple(translations), tuple(languages), cumulated(chances), outcome, len(parts))
    forms: dict[str, SurfaceForm] = {word: SurfaceForm(entry, Case.EXACT) for word, entry in entries.items()}
    # What stands in the dictionary comes before what is derived from it; capitals last, since "A" is both.
    for case in Case:
        for word, entry in entries.items():
            for language in sources:
                for form in all_written(word, case, language):
                    surface = SurfaceForm(entry, case)
                    forms.setdefault(form, surface)
                    forms.setdefault(spelling(form), surface)
    return Lexicon(forms)


def drawn_from(
    dictionary: CleanDictionary, word: str, choice: str, weight: float = 1.0
) -> tuple[tuple[str, ...], list[float]]:
    """Give the translations of a word among which is drawn, and the chance of each; the chances sum up to the weight.

    choice: every translation has the same chance (`uniform`), the first one all (`first`), or each has one in
        proportion to one more than its number in text of the target language (`frequent`).
    """
    targets = dictionary.translations.get(word, ())
    if choice == "first":
        targets = targets[:1]
    if choice == "frequent" and dictionary.frequencies is not None:
        language = dictionary.languages.target
        counts = [dictionary.frequencies.get(counted_form(target, language), 0) + 1 for target in targets]
        return targets, [weight * count / sum(counts) for count in counts]
    return targets, [weight / len(targets) for _ in targets]


def cumulated(chances: Sequence[float]) -> tuple[float, ...]:
    """Give cumulative shares of the chances; the last is exactly 1.

    >>> cumulated([1, 1, 2])
    (0.25, 0.5, 1.0)
    """
    if len(chances) == 1:
        return (1.0,)
    sums = [*accumulate(chances)]  # the same in every Python, as sum is not
    return (*(one / sums[-1] for one in sums[:-1]), 1.0) if sums else ()


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
