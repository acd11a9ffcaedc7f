"""What became of a text's words when it was mixed: of each one, and in numbers."""

from enum import IntEnum
from typing import Any, NamedTuple


class Outcome(IntEnum):
    """What became of a word, and why. The order is that of the fields of `Counts`."""

    REPLACED = 0
    NOT_DRAWN = 1  # it could be replaced, and the draw said no
    NOT_IN_DICTIONARY = 2
    IDENTITY_ONLY = 3  # its only translation is itself
    NAME = 4  # its lower case is in the dictionary, but it is a name (capitalised within a sentence) or an acronym
    SKIPPED = 5  # it is in the list of words to leave alone
    PROTECTED = 6  # it stands in code, a URL, LaTeX or a placeholder, or is glued to digits


class Word(NamedTuple):
    """A word of a text: characters start to end (excluded), its outcome, and what stands in its place if replaced."""

    start: int
    end: int
    outcome: Outcome
    translation: str | None = None


class Counts(NamedTuple):
    """How many words had each outcome; changed are the replaced ones that are another word now.

    In style `original` a word may be replaced by itself, and nothing is protected, a name or identity only.
    """

    replaced: int = 0
    not_drawn: int = 0
    not_in_dictionary: int = 0
    identity_only: int = 0
    name: int = 0
    skipped: int = 0
    protected: int = 0
    changed: int = 0

    @property
    def words(self) -> int:
        """All words but the protected ones."""
        return sum(self[: Outcome.PROTECTED])

    @property
    def hits(self) -> int:
        """Words that could be replaced."""
        return self.replaced + self.not_drawn

    def plus(self, other: "Counts") -> "Counts":
        """The counts of both."""
        return Counts(*(one + two for one, two in zip(self, other, strict=True)))


class Mixed(NamedTuple):
    """A mixed text and what became of its words."""

    text: str
    counts: Counts


class MixedExample(NamedTuple):
    """The texts of an example, by field, and what became of all their words."""

    texts: dict[str, Any]  # str, or None where a field was null
    counts: Counts
