"""Tokenizers: a sentencepiece `.model` or a Hugging Face `tokenizer.json`, behind one small face."""

import hashlib
import json
import logging
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from commit_llm.data.tokenizer_hugging_face import load_hugging_face
from commit_llm.data.tokenizer_library import RenderedIds, TokenizerLibrary
from commit_llm.data.tokenizer_sentencepiece import is_all_of, load_sentencepiece
from commit_llm.data.tokenizer_settings import read_added_tokens
from commit_llm.errors import UserError

LOGGER = logging.getLogger("commit_llm")
SENTENCEPIECE, HUGGING_FACE = "tokenizer.model", "tokenizer.json"
Kind = Literal["sentencepiece", "tokenizers"]
BosChoice = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class Tokenizer:
    """Encode and decode texts.

    path: its file.
    kind: the library that reads it.
    vocab_size: the highest id, and one more. Ids below it may be free.
    bos_id: None for a model that has no such token.
    eos_id: ends what is trained.
    bos: the ids that stand before a text.
    specials: the literals, such as `<s>`, with their ids. The original turns them into ids wherever they stand in a
        text; `encode` leaves them text.
    """

    path: Path
    kind: Kind
    vocab_size: int
    bos_id: int | None
    eos_id: int
    bos: tuple[int, ...]
    specials: dict[str, int] = field(compare=False)
    library: TokenizerLibrary = field(compare=False, repr=False)

    def with_bos(self, choice: BosChoice) -> "Tokenizer":
        """Give a tokenizer that puts a bos before a text always, never, or (auto) as this one does.

        A model that has no bos token never gets one.
        """
        if choice == "auto":
            return self
        if choice == "never":
            return replace(self, bos=())
        if self.bos_id is None:
            LOGGER.warning("%s: has no bos token, so it adds none to a text", self.path)
            return self
        return replace(self, bos=self.bos or (self.bos_id,))

    @property
    def resolved_bos(self) -> Literal["always", "never"]:
        """Say whether a bos stands before a text."""
        return "always" if self.bos else "never"

    def fingerprint(self) -> str:
        """Hash all that decides the ids of a text, and what ends one, with SHA-256."""
        added = sorted(read_added_tokens(self.path).items()) if self.kind == "sentencepiece" else []
        settings = [self.kind, self.bos_id, self.eos_id, self.bos, sorted(self.specials.items()), added]
        return hashlib.sha256(json.dumps(settings).encode("utf-8") + self.path.read_bytes()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """Encode a text, with no bos or eos; a literal `<s>` in it stays text."""
        return self.library.encode(text)

    def encode_rendered(self, text: str) -> RenderedIds:
        """Encode what a chat template gives, whose literals of special tokens are these tokens; nothing is added.

        Raises UserError for a tokenizer.model.
        """
        return self.library.encode_rendered(text)

    @property
    def added(self) -> dict[str, int]:
        """Give the literals that are tokens of their own in a rendered text, with their ids; not all are special."""
        return self.specials | self.library.literals

    def has_special(self, text: str) -> bool:
        """Say whether a literal of a special token stands in a text."""
        return bool(self.specials) and self._special_pattern.search(text) is not None

    @cached_property
    def may_be_cut(self) -> bool:
        """Say whether a text that is cut and encoded in parts has the ids of the whole: of byte-level tokenizers."""
        whole, parts = self.encode("\na"), [*self.encode("\n"), *self.encode("a")]
        return whole == parts

    def encode_with_specials(self, text: str) -> list[int]:
        """Encode a text as the original does: special literals become ids (a fault of the original's).

        The text is cut at each literal, white space that touches a literal is dropped, and every remaining part is
        encoded by itself (docs/behaviour.md, "Tokens and loss mask").
        """
        if not self.specials:
            return self.encode(text)
        ids: list[int] = []
        parts = self._special_pattern.split(text)
        for index, part in enumerate(parts):
            if index % 2:
                ids.append(self.specials[part])
                continue
            part = part.lstrip() if index else part
            part = part.rstrip() if index < len(parts) - 1 else part
            ids += self.encode(part) if part else []
        return ids

    def require_room(self, vocab_size: int) -> None:
        """Raise UserError where a model's vocabulary is smaller than the tokenizer's."""
        if self.vocab_size > vocab_size:
            raise UserError(
                f"{self.path}: has {self.vocab_size:,} entries, the model's vocabulary only {vocab_size:,}; "
                "they do not belong together; take the model's own"
            )

    def decode(self, ids: list[int]) -> str:
        """Decode ids, special tokens left out, and those of a padded vocabulary that mean nothing."""
        return self.library.decode([int(i) for i in ids if 0 <= i < self.vocab_size])

    @cached_property
    def _special_pattern(self) -> re.Pattern[str]:
        return re.compile("(" + "|".join(map(re.escape, sorted(self.specials, key=len, reverse=True))) + ")")


def load_tokenizer(path: str | Path, *, sentencepiece_first: bool = False) -> Tokenizer:
    """Load a tokenizer from a file, or from a model's folder: its `tokenizer.json`, or else its `tokenizer.model`.

    sentencepiece_first: whether a `tokenizer.model` comes first, unless other files of the folder add tokens to it.

    Raises UserError where there is none, it cannot be read, or its end-of-text token is unknown.
    """
    path = Path(path)
    if path.is_dir():
        path = _file_of(path, sentencepiece_first)
    if not path.is_file():
        raise UserError(f"{path}: no such tokenizer file; put it there, or name another")
    if path.suffix == ".model":
        return Tokenizer(path, "sentencepiece", *load_sentencepiece(path))
    if path.suffix == ".json":
        return Tokenizer(path, "tokenizers", *load_hugging_face(path))
    raise UserError(f"{path}: a tokenizer is a sentencepiece .model or a Hugging Face tokenizer.json; name one")


def _file_of(folder: Path, sentencepiece_first: bool) -> Path:
    """Choose between the two files that a model's folder may hold."""
    model, other = folder / SENTENCEPIECE, folder / HUGGING_FACE
    if not model.is_file() and not other.is_file():
        raise UserError(f"{folder}: holds neither {SENTENCEPIECE} nor {HUGGING_FACE}; name one with --tokenizer")
    if not model.is_file():
        return other
    if not other.is_file():
        return model
    return model if sentencepiece_first and is_all_of(model, other) else other
