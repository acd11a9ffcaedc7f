"""Clean a dictionary: keep the pairs that can be used for mixing, and count why the others cannot.

for   για | for            ->  for   για             an identity entry is no choice where there is another
utc   utc                  ->  utc   -               and alone it makes the word neutral: left as it is, not counted
dog   σκύλος, | σκυλος     ->  dog   σκύλος          punctuation goes; in Greek, so does a variant without its tonos
cat   kitten | γάτα        ->  cat   γάτα            wrong script, where the two scripts differ
"""

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from commit_llm.codemix.dictionaries.case import POLYTONIC, lower_case
from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.fields import Tally
from commit_llm.codemix.dictionaries.languages import UNKNOWN, Languages
from commit_llm.codemix.dictionaries.phrases import MOST_WORDS, as_phrase, words_of
from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.codemix.finding.characters import JOINERS
from commit_llm.codemix.finding.clean_words import is_word
from commit_llm.codemix.finding.spelling import nfc, seen

TONOS = "\u0301"
GREEK = frozenset({"GREEK"})

# The kinds of pairs that are left out.
IDENTITY, NO_LETTER, WRONG_SCRIPT, NO_WORD = "identity", "no letter", "wrong script", "no word"
LONG_PHRASE = "long phrase"
DUPLICATE, ACCENT_VARIANT = "duplicate", "accent variant"
PUNCTUATED = "punctuated"  # mended, not dropped


@dataclass(frozen=True)
class CleanDictionary:
    """Hold what cleaning leaves of a dictionary, and what it left out.

    translations: of each source word or phrase in file order, each one once; none at all where a word is neutral.
    name: the dictionary's.
    languages: from which into which it is.
    tally: of the pairs that were left out, or mended.
    frequencies: the dictionary's.
    """

    translations: Mapping[str, tuple[str, ...]]
    name: str
    languages: Languages
    tally: Tally
    frequencies: Mapping[str, int] | None = None

    def __len__(self) -> int:
        return len(self.translations)


def clean_dictionary(dictionary: BilingualDictionary, languages: Languages = UNKNOWN) -> CleanDictionary:
    """Clean a dictionary.

    languages: from which into which it is. Where the two have no script in common, a pair with a letter of another
        script on its side is left out.
    """
    source_scripts, target_scripts = languages.source_scripts, languages.target_scripts
    translations: dict[str, list[str]] = {}
    places: dict[tuple[str, str], int] = {}  # of translations that are one, among those of their source
    neutral: set[str] = set()
    entries: dict[str, None] = {}  # in the order of the file, on which first_only and choice `first` rely
    tally = Tally()
    read_in = frozenset({languages.source} if languages.source else ())
    differ = bool(source_scripts and target_scripts and not source_scripts & target_scripts)
    for source, targets in dictionary.translations.items():
        word = bare(source)
        single = is_word(word, read_in) and (len(word) > 1 or word == nfc(source))  # of "s}}" no s is left, but a sign
        phrase = "" if single else as_phrase(word, read_in)
        word = phrase or word
        entries[word] = None
        foreign = differ and not scripts(word) <= source_scripts
        for target in targets:
            pair, candidate = (source, target), bare(target)
            if not single and not phrase:
                tally.note(NO_WORD, pair)
            elif phrase and len(words_of(phrase)) > MOST_WORDS:
                tally.note(LONG_PHRASE, pair)
            elif is_same(word, candidate, languages):
                if single:  # the words of a phrase may have translations
                    neutral.add(word)
                tally.note(IDENTITY, pair)
            elif not scripts(candidate):
                tally.note(NO_LETTER, pair)
            elif foreign or (differ and not scripts(candidate) <= target_scripts):
                tally.note(WRONG_SCRIPT, pair)
            else:
                if (word, candidate) != (nfc(source), nfc(target)):
                    tally.note(PUNCTUATED, pair)
                kept = translations.setdefault(word, [])
                place = places.setdefault((word, without_tonos(candidate, languages.target)), len(kept))
                if place == len(kept):
                    kept.append(candidate)
                elif kept[place] == candidate:
                    tally.note(DUPLICATE, pair)
                else:
                    tally.note(ACCENT_VARIANT, pair)
                    kept[place] = min(kept[place], candidate, key=accent_faults)
    usable = {word: tuple(translations.get(word, ())) for word in entries if word in translations or word in neutral}
    return CleanDictionary(usable, dictionary.name, languages, tally, dictionary.frequencies)


def bare(text: str) -> str:
    """Compose a dictionary's word or phrase (NFC), and take away what nobody sees, and punctuation and space around it.

    >>> bare("«σκύ\\u00adλος»,")
    'σκύλος'
    """
    text = nfc(text)
    if text.isalpha():
        return text
    text = seen(text)
    start, end = 0, len(text)
    while start < end and _marginal(text[start]):
        start += 1
    while start < end and _marginal(text[end - 1]):
        end -= 1
    return text[start:end]


@lru_cache(4096)
def _marginal(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" and character not in JOINERS


def is_same(word: str, candidate: str, languages: Languages) -> bool:
    """Say whether a translation is the word itself, in whatever case."""
    if word == candidate:
        return True
    if word[:1] != candidate[:1] and word.isascii() and not candidate.isascii():
        return False  # most pairs of two scripts
    return any(lower_case(word, language) == lower_case(candidate, language) for language in set(languages[:2]))


def without_tonos(text: str, language: str | None = None) -> str:
    """Take the tonos from Greek words, to tell spellings that differ in it alone. Elsewhere accents distinguish words.

    >>> without_tonos("σκύλος"), without_tonos("schön")
    ('σκυλος', 'schön')
    """
    if text.isascii() or language in POLYTONIC or scripts(text) != GREEK:
        return text
    return nfc(unicodedata.normalize("NFD", text).replace(TONOS, ""))


def accent_faults(text: str) -> float:
    """Say how far a Greek text is from one tonos: MUSE has many words without, and a second one stands before clitics.

    >>> min(["προθεση", "πρόθεσή", "πρόθεση"], key=accent_faults)
    'πρόθεση'
    """
    return unicodedata.normalize("NFD", text).count(TONOS) or math.inf
