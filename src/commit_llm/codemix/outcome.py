"""Say what became of a text's words when it was mixed: of each one, and in numbers."""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
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
    ANSWER = 6, "kept for an answer", "so that the output is still found"
    REPEATED = 7, "said just before", "the same word before it is annotated"
    PROTECTED = 8, "protected", "code, link, formula, placeholder, digits"

    def __new__(cls, number: int, label: str, meaning: str) -> "Outcome":
        outcome = int.__new__(cls, number)
        outcome._value_ = number
        outcome.label, outcome.meaning = label, meaning
        return outcome


class Unit(StrEnum):
    """Name what is decided on at once."""

    WORD = "word"
    PHRASE = "phrase"
    SENTENCE = "sentence"


class Annotation(StrEnum):
    """Say how a translation is set behind a word that stays. Values are the format of what is set behind."""

    BRACKETS = " ({})"
    COMMA = ", {}"  # where the word stands within brackets itself


class Word(NamedTuple):
    """Hold a word of a text, or several that are replaced at once, and what becomes of it.

    start, end: its characters, end excluded.
    translation: what replaces it, or is set behind it; None where it stays.
    unit: whether it is a word, or a phrase or a sentence, which are replaced ones.
    words, protected: how many words it counts as, and how many protected ones; more than one in phrases and sentences.
    language: code of the translation's language, where it is known.
    annotation: how the translation is set behind it; None where it takes its place.
    left_out: how many phrases and sentences that begin with it were left out of the draw.
    """

    start: int
    end: int
    outcome: Outcome
    translation: str | None = None
    unit: Unit = Unit.WORD
    words: int = 1
    protected: int = 0
    language: str | None = None
    annotation: Annotation | None = None
    left_out: int = 0

    def written(self, text: str) -> str:
        """Give what stands in its place in the mixed text.

        >>> dog = Word(4, 7, Outcome.REPLACED, "σκύλος")
        >>> dog.written("The dog."), dog._replace(annotation=Annotation.BRACKETS).written("The dog.")
        ('σκύλος', 'dog (σκύλος)')
        """
        if self.translation is not None and self.annotation is None:
            return self.translation
        behind = self.annotation.format(self.translation) if self.annotation is not None else ""
        return text[self.start : self.end] + behind


class Counts(NamedTuple):
    """Count the words of each outcome, and more.

    changed: replaced words that are another word now, or are annotated. In style `original` a word may be replaced by
        itself, and nothing is protected, a name or the same in both.
    phrases, sentences: those that were replaced or annotated at once; their words are among the replaced.
    left_out: phrases and sentences that were left out of the draw, for an answer or for what is protected.
    """

    replaced: int = 0
    not_drawn: int = 0
    not_in_dictionary: int = 0
    identity_only: int = 0
    name: int = 0
    skipped: int = 0
    answer: int = 0
    repeated: int = 0
    protected: int = 0
    changed: int = 0
    phrases: int = 0
    sentences: int = 0
    left_out: int = 0

    @classmethod
    def of(cls, text: str, words: Sequence[Word]) -> "Counts":
        """Count the words of a text."""
        numbers = [0] * len(Outcome)
        changed = left_out = 0
        units = dict.fromkeys(Unit, 0)
        for word in words:
            numbers[word.outcome] += word.words
            numbers[Outcome.PROTECTED] += word.protected
            units[word.unit] += 1
            left_out += word.left_out
            if word.outcome is Outcome.REPLACED and word.written(text) != text[word.start : word.end]:
                changed += word.words
        return cls._make([*numbers, changed, units[Unit.PHRASE], units[Unit.SENTENCE], left_out])

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
