"""Tell which entries of a dictionary are phrases: two to five words with a space or a hyphen between them."""

import re
from collections.abc import Sequence
from itertools import pairwise

from commit_llm.codemix.finding.characters import SPACE, character_classes
from commit_llm.codemix.finding.clean_words import FoundWord, find_words

MOST_WORDS = 5  # of a phrase


def as_phrase(text: str, languages: frozenset[str] = frozenset()) -> str:
    """Give an entry of several words as the phrase that it is; "" where it is none.

    languages: codes of those in which it is written, if they are known.

    >>> as_phrase("hot  dog"), as_phrase("dog"), as_phrase("hot & dog")
    ('hot dog', '', '')
    """
    words = find_words(text, languages=languages)
    whole = len(words) > 1 and (words[0].start, words[-1].end) == (0, len(text))
    return phrase_form(text, words) if whole else ""


def words_of(entry: str) -> list[str]:
    """Give the words of a phrase, or the one word that an entry is.

    >>> words_of("state-of-the-art method")
    ['state', 'of', 'the', 'art', 'method']
    """
    return re.split("[ -]", entry)


def phrase_form(text: str, words: Sequence[FoundWord]) -> str:
    """Give neighbouring words of a text as a phrase, under which a dictionary may have them; "" where they are none.

    >>> phrase_form("a hot  dog", find_words("a hot  dog")[1:])
    'hot dog'
    """
    parts = [] if any(word.protected for word in words) else [text[words[0].start : words[0].end]]
    for one, two in pairwise(words):
        gap = _joint(text[one.end : two.start])
        if not gap or not parts:
            return ""
        parts += [gap, text[two.start : two.end]]
    return "".join(parts)


def _joint(gap: str) -> str:
    """Give what stands for the gap between two words of a phrase; "" where it parts them, as a line break does."""
    if gap in (" ", "-"):
        return gap
    classes = character_classes()
    return " " if gap and all(classes[ord(character)] == SPACE for character in gap) else ""
