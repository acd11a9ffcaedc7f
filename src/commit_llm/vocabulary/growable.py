"""What growing needs of a tokenizer whose pieces are joined from smaller ones, whichever file it lies in."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

SPACE = "\u2581"  # a space as sentencepiece writes it: a low block


class Growable(ABC):
    """Hold a tokenizer's pieces, and how they are joined.

    ids: of the pieces that stand in texts, by the text of each as the file writes it.
    others: of special and added tokens, by text. No piece may have the text of one.
    pairs: the library's model of byte pairs.
    next_id: the highest id, and one more.
    """

    ids: Mapping[str, int]
    others: Mapping[str, int]
    pairs: Any
    next_id: int

    @abstractmethod
    def words(self, text: str) -> Iterator[str]:
        """Give the runs of letters of a text, each with the space before it, as far as a piece may reach."""

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Encode a text, without special tokens."""

    @abstractmethod
    def spelt(self, word: str) -> str:
        """Write a run of letters as the file writes pieces."""

    @abstractmethod
    def grown(self, pieces: Sequence[str]) -> "Growable":
        """Give the tokenizer with new pieces, which get the ids behind the highest one."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write the tokenizer's file into a model's folder."""

    def pieces_of(self, word: str) -> list[str]:
        """Give the pieces of a run of letters. A character that is no piece, which has other ids, stands for itself."""
        pieces: list[str] = []
        for known, same in groupby(self.spelt(word), self.ids.__contains__):
            part = "".join(same)
            pieces += [token.value for token in self.pairs.tokenize(part)] if known else part
        return pieces

    def ids_of(self, word: str) -> list[int]:
        """Give the ids of a run of letters."""
        return self.ids_of_piece(self.spelt(word))

    def ids_of_piece(self, piece: str) -> list[int]:
        """Give the ids of a piece's text, as the file writes it."""
        return [token.id for token in self.pairs.tokenize(piece)]


def cuts(piece: str, ids: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Give every way to cut a piece in two that are pieces.

    >>> list(cuts("abc", {"a": 0, "ab": 1, "bc": 2, "c": 3}))
    [('a', 'bc'), ('ab', 'c')]
    """
    for place in range(1, len(piece)):
        one, other = piece[:place], piece[place:]
        if one in ids and other in ids:
            yield one, other
