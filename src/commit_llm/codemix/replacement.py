"""Name the ways in which words are mixed: alone, as a phrase or a sentence, in place of them or behind them."""

from typing import NamedTuple, Self

from commit_llm.codemix.outcome import Outcome, Unit, Word


class Replacement(NamedTuple):
    """Say how a replaced word is mixed.

    unit: whether it is a word, a phrase or a sentence.
    annotated: whether the translation stands behind it.
    """

    unit: Unit = Unit.WORD
    annotated: bool = False

    @classmethod
    def of(cls, word: Word) -> Self | None:
        """Give how a word is mixed; None for one that stays.

        >>> Replacement.of(Word(0, 10, Outcome.REPLACED, "πολική αρκούδα", Unit.PHRASE, words=2)).label
        'phrases replaced'
        """
        return cls(word.unit, word.annotation is not None) if word.outcome is Outcome.REPLACED else None

    @property
    def label(self) -> str:
        """Name all that are mixed so."""
        return self.verb if self.unit is Unit.WORD else f"{self.unit}s {self.verb}"

    @property
    def place(self) -> tuple[bool, int]:
        """Give its place among them all: words, phrases, sentences; then those that are annotated."""
        return self.annotated, list(Unit).index(self.unit)

    @property
    def verb(self) -> str:
        """Say what is done with them."""
        return "annotated" if self.annotated else "replaced"

    def counted(self, number: int) -> str:
        """Say how many are mixed so.

        >>> Replacement().counted(1), Replacement(Unit.PHRASE, annotated=True).counted(1_200)
        ('1 word replaced', '1,200 phrases annotated')
        """
        return f"{number:,} {self.unit}{'' if number == 1 else 's'} {self.verb}"
