"""Whether an answer stands literally in its context: whether the model copied it from there."""

import unicodedata

from commit_llm.evaluate.scores import UNSPACED, is_punctuation

LETTERS_MARKS_NUMBERS = frozenset("LMN")  # the first letters of Unicode's categories


def stands_in(context: str, answer: str, language: str) -> bool:
    """Tell whether an answer is a part of its context.

    Case, white space, and punctuation at the answer's ends make no difference. The answer must begin and end where
    words do, but in scripts without spaces. An empty one stands nowhere.

    >>> [stands_in("Born in  New York, 1982.", text, "en") for text in ("new york.", "198", "He was born", "")]
    [True, False, False, False]
    """
    text, part = _alike(context), _bare(_alike(answer))
    if not part:
        return False
    if language in UNSPACED:
        return part in text
    start = text.find(part)
    while start >= 0:
        end = start + len(part)
        if not _within_word(text[start - 1 : start]) and not _within_word(text[end : end + 1]):
            return True
        start = text.find(part, start + 1)
    return False


def _alike(text: str) -> str:
    """Fold the case, compose the letters, leave single spaces."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def _bare(text: str) -> str:
    """Leave out spaces and punctuation at both ends."""
    kept = [place for place, character in enumerate(text) if not (character.isspace() or is_punctuation(character))]
    return text[kept[0] : kept[-1] + 1] if kept else ""


def _within_word(neighbour: str) -> bool:
    return neighbour != "" and unicodedata.category(neighbour)[0] in LETTERS_MARKS_NUMBERS
