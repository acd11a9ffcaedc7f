"""What reading a tokenizer's file gives, whichever library reads it."""

from typing import NamedTuple, Protocol


class TokenizerLibrary(Protocol):
    """Turn plain text into ids and back, with no special tokens added: all that a library must do for us."""

    @property
    def literals(self) -> dict[str, int]:
        """Give the literals that are tokens of their own wherever they stand, special or not."""
        ...

    def encode(self, text: str) -> list[int]: ...
    def encode_rendered(self, text: str) -> "RenderedIds": ...
    def decode(self, ids: list[int]) -> str: ...


class RenderedIds(NamedTuple):
    """Hold the ids of a text in which literals of special tokens are these tokens.

    ends: where in the text, in characters, each token ends.
    reaches: the same, with white space behind a literal that its token takes.
    """

    ids: list[int]
    ends: list[int]
    reaches: list[int]


class Loaded(NamedTuple):
    """Hold what a file and the settings beside it say.

    vocab_size: the highest id, and one more. Ids below it may be free.
    bos_id: None for a model that has no such token.
    eos_id: ends what is trained.
    bos: the ids that stand before a text.
    specials: the literals of special tokens, with their ids.
    """

    vocab_size: int
    bos_id: int | None
    eos_id: int
    bos: tuple[int, ...]
    specials: dict[str, int]
    library: TokenizerLibrary
