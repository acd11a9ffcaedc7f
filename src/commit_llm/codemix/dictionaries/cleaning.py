"""Clean a dictionary: keep the pairs that can be used for mixing, and count why the others cannot.

for   για | for            ->  for   για             an identity entry is no choice where there is another
utc   utc                  ->  utc   -               and alone it makes the word neutral: left as it is, not counted
dog   σκύλος, | σκυλος     ->  dog   σκύλος          punctuation goes; accent variants are one translation
cat   kitten | γάτα        ->  cat   γάτα            wrong script, where the two scripts differ
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.codemix.finding.clean_words import is_word

EXAMPLES = 5  # pairs kept of each kind of noise
COMBINING_DIACRITICS = range(0x300, 0x370)

# The kinds of pairs that are left out.
IDENTITY, NO_LETTER, WRONG_SCRIPT, NO_WORD = "identity", "no letter", "wrong script", "no single word"
DUPLICATE, ACCENT_VARIANT = "duplicate", "accent variant"
PUNCTUATED = "punctuated"  # mended, not dropped


@dataclass(frozen=True)
class CleanDictionary:
    """Hold what cleaning leaves of a dictionary, and what it left out.

    translations: of each source word in file order, each one once; none at all where the word is neutral.
    name: the dictionary's.
    dropped: the number of pairs left out (or, for `punctuated`, mended), by kind.
    examples: the first few pairs of each kind.
    """

    translations: Mapping[str, tuple[str, ...]]
    name: str
    dropped: Mapping[str, int]
    examples: Mapping[str, tuple[tuple[str, str], ...]]

    def __len__(self) -> int:
        return len(self.translations)


def clean_dictionary(
    dictionary: BilingualDictionary,
    source_scripts: frozenset[str] = frozenset(),
    target_scripts: frozenset[str] = frozenset(),
) -> CleanDictionary:
    """Clean a dictionary.

    source_scripts, target_scripts: those in which its sides are written, named as in `scripts`. Where both are given
    and have none in common, a pair with a letter of another script on its side is left out.
    """
    translations: dict[str, list[str]] = {}
    neutral: set[str] = set()
    dropped: Counter[str] = Counter()
    examples: dict[str, list[tuple[str, str]]] = {}

    def note(kind: str, pair: tuple[str, str]) -> None:
        dropped[kind] += 1
        if dropped[kind] <= EXAMPLES:
            examples.setdefault(kind, []).append(pair)

    differ = bool(source_scripts and target_scripts and not source_scripts & target_scripts)
    for source, targets in dictionary.translations.items():
        word = bare(source)
        single = is_word(word) and (len(word) > 1 or word == nfc(source))  # of "s}}" no s is left, but a sign
        foreign = differ and not scripts(word) <= source_scripts
        for target in targets:
            pair, candidate = (source, target), bare(target)
            if not single:
                note(NO_WORD, pair)
            elif word.casefold() == candidate.casefold():
                neutral.add(word)
                note(IDENTITY, pair)
            elif not scripts(candidate):
                note(NO_LETTER, pair)
            elif foreign or (differ and not scripts(candidate) <= target_scripts):
                note(WRONG_SCRIPT, pair)
            else:
                if (word, candidate) != (nfc(source), nfc(target)):
                    note(PUNCTUATED, pair)
                earlier = translations.setdefault(word, [])
                twin = next((n for n, text in enumerate(earlier) if plain(text) == plain(candidate)), None)
                if twin is None:
                    earlier.append(candidate)
                elif earlier[twin] == candidate:
                    note(DUPLICATE, pair)
                else:
                    note(ACCENT_VARIANT, pair)
                    # The better written of the two: MUSE has many words without their accents.
                    earlier[twin] = max(earlier[twin], candidate, key=accents)
    # In the order of the file, on which first_only and choice `first` rely.
    words = dict.fromkeys(bare(source) for source in dictionary.translations)
    usable = [word for word in words if word in translations or word in neutral]
    return CleanDictionary(
        {word: tuple(translations.get(word, ())) for word in usable},
        dictionary.name,
        dict(dropped),
        {kind: tuple(pairs) for kind, pairs in examples.items()},
    )


def bare(text: str) -> str:
    """Compose a dictionary's word or phrase (NFC), and take punctuation and white space around it away.

    >>> bare("«σκύλος»,")
    'σκύλος'
    """
    text = nfc(text)
    if text.isalpha():
        return text
    start, end = 0, len(text)
    while start < end and _marginal(text[start]):
        start += 1
    while start < end and _marginal(text[end - 1]):
        end -= 1
    return text[start:end]


def nfc(text: str) -> str:
    """Give the composed form, in which a letter with its accent is one character."""
    return unicodedata.normalize("NFC", text)


@lru_cache(4096)
def _marginal(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" and character not in "\u200c\u200d"


def plain(text: str) -> str:
    """Take accents away, to tell variants: the combining diacritics of European scripts, no vowel signs.

    >>> plain("σκύλος"), plain("कुत्ता")
    ('σκυλος', 'कुत्ता')
    """
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return nfc("".join(character for character in decomposed if ord(character) not in COMBINING_DIACRITICS))


def accents(text: str) -> int:
    """Count the combining diacritics of a text."""
    return sum(ord(character) in COMBINING_DIACRITICS for character in unicodedata.normalize("NFD", text))
