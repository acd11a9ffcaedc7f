"""Say how often a dictionary's translation is the one that a translator used, over texts and their translations.

    source   Dogs bark, and the dog barks.    content words, each once: dogs, bark, dog, barks
    target   Οι σκύλοι γαβγίζουν, κι ο σκύλος γαβγίζει.
    dictionary  dog σκύλος, σκυλί             exact: σκύλος stands there, σκυλί does not: 1/2 of *dog* drawn uniformly
                barks γαβγίζω                 stem: γαβγ begins a word: 1 of *barks*; exact: 0

Case is passed over, and so are accents (U+0300 to U+036F, once letters are taken apart): σκυλος stands where σκύλος
does. A translation of several words stands where they follow each other. In a target that is written without spaces it
stands where its characters do, and there are no stems.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from commit_llm.codemix.dictionaries.case import lower_case
from commit_llm.codemix.dictionaries.cleaning import CleanDictionary
from commit_llm.codemix.dictionaries.controls import controlled
from commit_llm.codemix.dictionaries.languages import Languages
from commit_llm.codemix.dictionaries.lexicon import drawn_from
from commit_llm.codemix.dictionaries.stop_words import STOP_WORDS
from commit_llm.codemix.direction import turned
from commit_llm.codemix.finding.characters import without_spaces
from commit_llm.codemix.finding.clean_words import find_words
from commit_llm.codemix.finding.spelling import in_order, nfc, spelling
from commit_llm.codemix.mixer import CodeMixer
from commit_llm.codemix.randomness import text64_all
from commit_llm.errors import SettingError

STEM, SHORTEST_STEM = 0.7, 4  # share of a translation's characters, rounded down, and the fewest of them
ACCENTS = re.compile("[\u0300-\u036f]+")


@dataclass(frozen=True)
class Standing:
    """Count translations that stand in the other text: of how many content words, in exact form and by their stem."""

    exact: float = 0.0
    stem: float = 0.0

    def plus(self, other: "Standing") -> "Standing":
        """Add those of other words."""
        return Standing(self.exact + other.exact, self.stem + other.stem)


@dataclass(frozen=True)
class Precision:
    """Say how good a dictionary's translations are, over pairs of a text and its translation.

    pairs: that have text on both sides.
    empty: pairs that have none on one, which are left out.
    has_stop_words: whether there is a list of words that are no content; without it all words are content.
    by_substring: whether the target is written without spaces; then `stem` says nothing.
    content_words: those of the sources, each once a pair, in whatever case.
    covered: those of which the dictionary has a translation.
    drawn: the number of covered ones whose translation stands in the target, to be expected of one that is drawn.
    best: the number of those of which any translation does: what a perfect choice comes to.
    shuffled: `drawn` where translations are permuted among words; None where the dictionary has too few of them.
    words, turned: different words of the sources, once a pair; and those that the dictionary has turned round.
    """

    pairs: int
    empty: int
    has_stop_words: bool
    by_substring: bool
    content_words: int
    covered: int
    drawn: Standing
    best: Standing
    shuffled: Standing | None
    words: int
    turned: int

    @property
    def looks_turned(self) -> bool:
        """Say whether the sources look like the dictionary's target language."""
        return self.turned * self.content_words > self.covered * self.words


def translation_precision(
    mixer: CodeMixer, pairs: Iterable[tuple[str, str]], report: Callable[[int], None] = lambda number: None
) -> Precision:
    """Compare the translations of a mixer's one dictionary with pairs of a text and its translation, one at a time.

    mixer: of style `clean`; its choice says how translations are drawn.
    report: is called with the number of pairs that were compared.
    """
    vocabulary, back = mixer.vocabulary, turned(mixer)
    languages = vocabulary.directions[0]
    stop_words = STOP_WORDS.get(languages.source or "", frozenset())
    translations = vocabulary.cleaned[0].translations
    shuffled_dictionary = _shuffled(vocabulary.cleaned[0], mixer.settings.seed)
    keys = text64_all([word.encode("utf-8", "surrogatepass") for word in translations]).tolist()
    dictionary_words = dict(zip(keys, translations, strict=True))
    forms = _ComparableForms(languages)
    number = empty = content_words = covered = words = turned_words = 0
    drawn = best = shuffled = Standing()
    for number, (source, target) in enumerate(pairs, 1):
        report(number)
        if not source.strip() or not target.strip():
            empty += 1
            continue
        text = comparable(target, languages)
        of_source = _different_words(mixer, source, languages.source)
        words += len(of_source)
        turned_words += sum(
            back.vocabulary.lexicon.has_translation(word)
            for word in _different_words(back, source, languages.source).values()
        )
        content = [word for spelt, word in of_source.items() if spelt not in stop_words]
        content_words += len(content)
        for word in content:
            form = vocabulary.lexicon.find(word)
            if form is None or not form.entry.translations:
                continue
            covered += 1
            dictionary_word = dictionary_words[form.entry.key64]
            drawn = drawn.plus(forms.expected(form.entry.translations, form.entry.chances, text))
            best = best.plus(forms.best(translations[dictionary_word], text))
            if shuffled_dictionary:
                others = drawn_from(shuffled_dictionary, dictionary_word, mixer.settings.choice)
                shuffled = shuffled.plus(forms.expected(*others, text))
    return Precision(
        pairs=number - empty,
        empty=empty,
        has_stop_words=languages.source in STOP_WORDS,
        by_substring=without_spaces(languages.target_scripts),
        content_words=content_words,
        covered=covered,
        drawn=drawn,
        best=best,
        shuffled=shuffled if shuffled_dictionary else None,
        words=words,
        turned=turned_words,
    )


def comparable(text: str, languages: Languages) -> str:
    """Give a text of the target language as it is compared: its words with a space around each, or all its characters.

    >>> from commit_llm.codemix.dictionaries.languages import UNKNOWN
    >>> comparable("Ο σκύλος-οδηγός!", UNKNOWN)
    ' ο σκυλος οδηγος '
    """
    lower = spelling(lower_case(text, languages.target))
    if without_spaces(languages.target_scripts):
        return lower
    lower = nfc(ACCENTS.sub("", unicodedata.normalize("NFD", in_order(lower))))
    codes = frozenset({languages.target} if languages.target else ())
    return "".join(f" {lower[word.start : word.end]}" for word in find_words(lower, languages=codes)) + " "


def stem(translation: str) -> str:
    """Give the beginning of a comparable translation by which other forms of it are known.

    One that is written without spaces has none.

    >>> stem(" σκυλος "), stem(" ενα "), stem(" γατα ")
    (' σκυλ', ' ενα', ' γατα')
    """
    if not translation.startswith(" "):
        return translation
    word = translation.strip()
    return " " + word[: max(SHORTEST_STEM, int(STEM * len(word)))]


@dataclass(frozen=True)
class _ComparableForms:
    """Compare translations with texts, as `comparable` gives these; each translation is looked at once."""

    languages: Languages
    made: dict[str, tuple[str, str]] = field(default_factory=dict)  # exact and stem

    def expected(self, translations: Sequence[str], chances: Sequence[float], text: str) -> Standing:
        """Give the chance that the translation which is drawn stands in a text."""
        total = Standing()
        for translation, chance in zip(translations, chances, strict=True):
            exact, by_stem = self._stands(translation, text)
            total = total.plus(Standing(chance * exact, chance * by_stem))
        return total

    def best(self, translations: Sequence[str], text: str) -> Standing:
        """Say whether any of the translations stands in a text: 1, or 0."""
        stand = [self._stands(translation, text) for translation in translations]
        return Standing(any(exact for exact, _ in stand), any(by_stem for _, by_stem in stand))

    def _stands(self, translation: str, text: str) -> tuple[bool, bool]:
        if translation not in self.made:
            exact = comparable(translation, self.languages)
            self.made[translation] = exact, stem(exact)
        exact, beginning = self.made[translation]
        return exact in text, beginning in text


def _different_words(mixer: CodeMixer, text: str, language: str | None) -> dict[str, str]:
    """Give the words of a text that are not protected: the first form of each, by its spelling in lower case."""
    words: dict[str, str] = {}
    for word in mixer.vocabulary.find(text):
        if not word.protected:
            surface = text[word.start : word.end]
            words.setdefault(spelling(lower_case(surface, language)), surface)
    return words


def _shuffled(dictionary: CleanDictionary, seed: int) -> CleanDictionary | None:
    """Give translations permuted among the words of a dictionary; None where it has too few of them."""
    try:
        return controlled(dictionary, "shuffled", seed)
    except SettingError:
        return None
