"""Say what became of a text's words when it was mixed: of each one, and in numbers."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple


class Outcome(IntEnum):
    """Say what became of a word, and why. The order is that of the fields of `Counts`.

    label: what it is called, short enough for a column of a terminal.
    meaning: why a word has it; label and meaning fit into a line of 80 characters with a number and a share.
    """

    label: str
    meaning: str

    REPLACED = 0, "replaced", "swapped for a translation"
    NOT_DRAWN = 1, "not drawn", "the draw left it, as the ratio asks"
    NOT_IN_DICTIONARY = 2, "not in the dictionary", "the dictionary has no translation of it"
    IDENTITY_ONLY = 3, "same in both", "its only translation is the word itself"
    NAME = 4, "name", "capitalised in a sentence, or an acronym"
    SKIPPED = 5, "to be skipped", "in the list of words to skip"
    PROTECTED = 6, "protected", "code, link, formula, placeholder, digits"

    def __new__(cls, number: int, label: str, meaning: str) -> "Outcome":
        outcome = int.__new__(cls, number)
        outcome._value_ = number
        outcome.label, outcome.meaning = label, meaning
        return outcome


class Word(NamedTuple):
    """Hold a word of a text: characters start to end (excluded), its outcome, and what stands in its place."""

    start: int
    end: int
    outcome: Outcome
    translation: str | None = None


class Counts(NamedTuple):
    """Count the words of each outcome; changed are the replaced ones that are another word now.

    In style `original` a word may be replaced by itself, and nothing is protected, a name or the same in both.
    """

    replaced: int = 0
    not_drawn: int = 0
    not_in_dictionary: int = 0
    identity_only: int = 0
    name: int = 0
    skipped: int = 0
    protected: int = 0
    changed: int = 0

    @classmethod
    def of(cls, text: str, words: Sequence[Word]) -> "Counts":
        """Count the words of a text."""
        numbers = [0] * len(cls._fields)
        for word in words:
            numbers[word.outcome] += 1
            numbers[-1] += word.outcome is Outcome.REPLACED and word.translation != text[word.start : word.end]
        return cls(*numbers)

    @property
    def words(self) -> int:
        """Count all words but the protected ones."""
        return sum(self[: Outcome.PROTECTED])

    @property
    def hits(self) -> int:
        """Count the words that could be replaced."""
        return self.replaced + self.not_drawn

    def plus(self, more: "Counts") -> "Counts":
        """Add the counts of other texts."""
        return Counts(*(one + two for one, two in zip(self, more, strict=True)))


class Mixed(NamedTuple):
    """Hold a mixed text and what became of its words."""

    text: str
    counts: Counts


class MixedExample(NamedTuple):
    """Hold the texts of a mixed example, by field, and what became of all their words."""

    texts: dict[str, Any]  # str, or None where a field was null
    counts: Counts
