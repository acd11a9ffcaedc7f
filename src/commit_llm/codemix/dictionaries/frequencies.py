"""Count how often the translations of a dictionary stand in text of the target language.

A translation is counted wherever the same word stands, in whatever case, and one of two to five words wherever these
follow each other with a space or a hyphen between them. What is within another translation is counted too: *κακός* in
*κακός σκύλος*. Scripts without spaces are cut into the longest translations, whether ICU is installed or not, so that
the same text gives the same counts on every machine.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from commit_llm.codemix.dictionaries.case import lower_case
from commit_llm.codemix.dictionaries.cleaning import bare
from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.languages import infer_languages
from commit_llm.codemix.dictionaries.phrases import MOST_WORDS, as_phrase, phrase_form, words_of
from commit_llm.codemix.finding.characters import without_spaces
from commit_llm.codemix.finding.clean_words import FoundWord, find_words, patterns
from commit_llm.codemix.finding.segmentation import LongestMatch
from commit_llm.codemix.finding.spelling import spelling

# Gives the places of the words of a text, start and end.
FindPlaces = Callable[[str], Iterator[tuple[int, int]]]


class Frequencies(NamedTuple):
    """Hold how often each translation stands in a text, under its `counted_form`, and the number of running words."""

    counts: dict[str, int]
    words: int


def count_translations(
    dictionary: BilingualDictionary, texts: Iterable[str], languages: str | None = None
) -> Frequencies:
    """Count the translations of a dictionary in texts of its target language, which are looked at one by one.

    languages: source and target, such as `en-el`, where the dictionary's name and letters do not tell them.

    >>> dictionary = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί")])
    >>> count_translations(dictionary, ["Σκύλος, ο σκύλος!"])
    Frequencies(counts={'σκύλος': 2, 'σκυλί': 0}, words=3)
    """
    direction = infer_languages(dictionary, languages)
    language = direction.target
    codes = frozenset({language} if language else ())
    targets = dict.fromkeys(target for targets in dictionary.translations.values() for target in targets)
    counts = dict.fromkeys((counted_form(bare(target), language) for target in targets), 0)
    phrases = {form for form in counts if len(words_of(form)) > 1 and as_phrase(form, codes) == form}
    beginnings = {words_of(phrase)[0] for phrase in phrases}
    find: FindPlaces = partial(_places, codes)
    if without_spaces(direction.target_scripts):
        find = partial(_places_of_longest, LongestMatch(counts), codes)
    words = 0
    for text in texts:
        text = counted_form(text, language)
        places = [*find(text)]
        words += len(places)
        for number, (start, end) in enumerate(places):
            word = text[start:end]
            if word in counts:
                counts[word] += 1
            if word in beginnings:
                for phrase in _phrases_from(text, places[number : number + MOST_WORDS]):
                    if phrase in phrases:
                        counts[phrase] += 1
    return Frequencies(counts, words)


def counted_form(text: str, language: str | None) -> str:
    """Give a translation, or a text, in the form in which it is counted: lower case, and one of its spellings."""
    return spelling(lower_case(text, language))


def _places(languages: frozenset[str], text: str) -> Iterator[tuple[int, int]]:
    """Find the words of a text as `find_words` does, several times faster: it does not look for code and addresses."""
    for run in patterns(languages)[0].finditer(text):
        start, end = run.span()
        if text[start] == "_" or text[end - 1] == "_":
            start += len(run.group()) - len(run.group().lstrip("_"))
            end -= len(run.group()) - len(run.group().rstrip("_"))
        if start < end:
            yield start, end


def _places_of_longest(cut: LongestMatch, languages: frozenset[str], text: str) -> Iterator[tuple[int, int]]:
    return ((word.start, word.end) for word in find_words(text, cut, languages))


def _phrases_from(text: str, places: list[tuple[int, int]]) -> Iterator[str]:
    """Give the phrases of two words and more that begin at the first of some places."""
    for count in range(2, len(places) + 1):
        phrase = phrase_form(text, [FoundWord(start, end, False, False) for start, end in places[:count]])
        if not phrase:
            return
        yield phrase
