"""Read a text for mixing: its words, phrases and sentences, each with what the dictionary has for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from commit_llm.codemix.dictionaries.lexicon import Entry, Lexicon, SurfaceForm
from commit_llm.codemix.dictionaries.phrases import phrase_form
from commit_llm.codemix.dictionaries.sentence_lexicon import SentenceLexicon
from commit_llm.codemix.finding.clean_words import FoundWord
from commit_llm.codemix.finding.protection import protected_spans
from commit_llm.codemix.finding.sentences import find_sentences, sentence_key


class FoundPhrase(NamedTuple):
    """Hold a phrase that begins with a word: how many words it has, and its form."""

    words: int
    form: SurfaceForm


class FoundSentence(NamedTuple):
    """Hold a sentence of which there is a translation.

    start, end: its characters, end excluded.
    first, behind: the numbers of its first word, and of the one behind its last.
    parts: what is protected in it, in order; None where something protected reaches beyond it.
    """

    start: int
    end: int
    first: int
    behind: int
    entry: Entry
    parts: tuple[str, ...] | None


@dataclass(frozen=True)
class Reading:
    """Hold what stands in a text.

    forms: of each word; None where it is protected, or not in the dictionary.
    phrases: by the number of the word that each begins with, the longest first.
    sentences: by the number of their first word.
    """

    text: str
    words: list[FoundWord]
    forms: list[SurfaceForm | None]
    phrases: dict[int, list[FoundPhrase]]
    sentences: dict[int, FoundSentence]


@dataclass(frozen=True)
class Reader:
    """Read texts.

    find: gives the words of a text.
    languages: codes of those in which texts are written, if they are known.
    """

    lexicon: Lexicon
    sentences: SentenceLexicon
    find: Callable[[str], list[FoundWord]]
    languages: frozenset[str] = frozenset()

    def read(self, text: str) -> Reading:
        """Read a text."""
        words = self.find(text)
        forms = [None if word.protected else self.lexicon.find(text[word.start : word.end]) for word in words]
        return Reading(text, words, forms, self._phrases(text, words), self._sentences(text, words))

    def _phrases(self, text: str, words: list[FoundWord]) -> dict[int, list[FoundPhrase]]:
        phrases: dict[int, list[FoundPhrase]] = {}
        longest = self.lexicon.longest_phrase
        for first in range(len(words) - 1 if longest > 1 else 0):
            for count in range(min(longest, len(words) - first), 1, -1):
                phrase = phrase_form(text, words[first : first + count])
                form = self.lexicon.find(phrase) if phrase else None
                if form is not None:
                    phrases.setdefault(first, []).append(FoundPhrase(count, form))
        return phrases

    def _sentences(self, text: str, words: list[FoundWord]) -> dict[int, FoundSentence]:
        """Find those with a word that is not protected, of which there is a translation."""
        sentences: dict[int, FoundSentence] = {}
        if not self.sentences:
            return sentences
        spans = protected_spans(text)
        first = 0
        for start, end in find_sentences(text, self.languages):
            while first < len(words) and words[first].end <= start:
                first += 1
            behind = first
            while behind < len(words) and words[behind].start < end:
                behind += 1
            inside = words[first:behind]
            has_words = any(not word.protected for word in inside)
            entry = self.sentences.find(sentence_key(text[start:end])) if has_words else None
            if entry is not None:
                parts = _protected_parts(text, start, end, inside, spans)
                sentences[first] = FoundSentence(start, end, first, behind, entry, parts)
            first = behind
        return sentences


def _protected_parts(
    text: str, start: int, end: int, words: list[FoundWord], spans: list[tuple[int, int]]
) -> tuple[str, ...] | None:
    parts = [(one, two) for one, two in spans if one < end and start < two]
    for word in words:
        if word.protected and not any(one < word.end and word.start < two for one, two in parts):
            parts.append((word.start, word.end))
    if any(one < start or end < two for one, two in parts):
        return None
    return tuple(text[one:two] for one, two in sorted(parts))
