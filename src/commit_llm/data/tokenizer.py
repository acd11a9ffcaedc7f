"""Tokenizers: a sentencepiece `.model` or a Hugging Face `tokenizer.json`, behind one small face."""

import hashlib
import json
import logging
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

from commit_llm.errors import UserError

LOGGER = logging.getLogger("commit_llm")
FILES = ("tokenizer.model", "tokenizer.json")
Kind = Literal["sentencepiece", "tokenizers"]
BosChoice = Literal["auto", "always", "never"]


class TokenizerLibrary(Protocol):
    """Turn plain text into ids and back, with no special tokens added: all that a library must do for us."""

    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: list[int]) -> str: ...


@dataclass(frozen=True)
class Tokenizer:
    """Encode and decode texts.

    path: its file.
    kind: the library that reads it.
    vocab_size: number of ids.
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
            LOGGER.warning("%s: has no bos token, so none stands before a text", self.path)
            return self
        return replace(self, bos=self.bos or (self.bos_id,))

    @property
    def resolved_bos(self) -> Literal["always", "never"]:
        """Say whether a bos stands before a text."""
        return "always" if self.bos else "never"

    def fingerprint(self) -> str:
        """Hash all that decides the ids of a text, and what ends one, with SHA-256."""
        settings = [self.kind, self.vocab_size, self.bos_id, self.eos_id, self.bos, sorted(self.specials.items())]
        return hashlib.sha256(json.dumps(settings).encode("utf-8") + self.path.read_bytes()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """Encode a text, with no bos or eos; a literal `<s>` in it stays text."""
        return self.library.encode(text)

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
                "they do not belong together"
            )

    def decode(self, ids: list[int]) -> str:
        """Decode ids, special tokens left out, and those of a padded vocabulary that mean nothing."""
        return self.library.decode([int(i) for i in ids if 0 <= i < self.vocab_size])

    @cached_property
    def _special_pattern(self) -> re.Pattern[str]:
        return re.compile("(" + "|".join(map(re.escape, self.specials)) + ")")


def load_tokenizer(path: str | Path, *, sentencepiece_first: bool = False) -> Tokenizer:
    """Load a tokenizer from a file or from a model's folder (`tokenizer.model` is preferred there).

    sentencepiece_first: whether a folder's tokenizer.model comes before its tokenizer.json.

    Raises UserError where there is none, it cannot be read, or its end-of-text token is unknown.
    """
    path = Path(path)
    if path.is_dir():
        file = next((path / name for name in FILES if (path / name).is_file()), None)
        if file is None:
            raise UserError(f"{path}: holds neither {' nor '.join(FILES)}; name one with --tokenizer")
        path = file
    if not path.is_file():
        raise UserError(f"{path}: no such tokenizer file")
    if path.suffix == ".model":
        return _load_sentencepiece(path)
    if path.suffix == ".json":
        return _load_hugging_face(path)
    raise UserError(f"{path}: a tokenizer is a sentencepiece .model or a Hugging Face tokenizer.json")


def _load_sentencepiece(path: Path) -> Tokenizer:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(path.read_bytes())
    except RuntimeError:
        raise UserError(f"{path}: not a sentencepiece model") from None
    if processor.eos_id() < 0:
        raise UserError(f"{path}: the sentencepiece model has no end-of-text piece")
    specials = {
        processor.IdToPiece(i): i for i in (processor.bos_id(), processor.eos_id(), processor.unk_id()) if i >= 0
    }
    bos_id = processor.bos_id() if processor.bos_id() >= 0 else None
    bos = () if bos_id is None else (bos_id,)
    library = _SentencePiece(processor)
    return Tokenizer(
        path, "sentencepiece", processor.GetPieceSize(), bos_id, processor.eos_id(), bos, specials, library
    )


@dataclass(frozen=True)
class _SentencePiece:
    processor: Any

    def encode(self, text: str) -> list[int]:
        return self.processor.EncodeAsIds(text)

    def decode(self, ids: list[int]) -> str:
        return self.processor.DecodeIds([i for i in ids if not self.processor.IsControl(i)])


def _load_hugging_face(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer as Library

    try:
        library = Library.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise UserError(f"{path}: not a tokenizer.json ({error})") from None
    library.encode_special_tokens = True  # a literal special token in a text stays text
    library.no_truncation()  # settings of whoever saved the file, which would cut or pad our training data
    library.no_padding()
    bos_id, eos_id = (library.token_to_id(name) if name else None for name in _special_names(path))
    if eos_id is None:
        raise UserError(f"{path}: its end-of-text token is unknown; name eos_token in tokenizer_config.json beside it")
    specials = {token.content: i for i, token in library.get_added_tokens_decoder().items() if token.special}
    bos = () if bos_id is None else (bos_id,)
    return Tokenizer(path, "tokenizers", library.get_vocab_size(), bos_id, eos_id, bos, specials, _HuggingFace(library))


@dataclass(frozen=True)
class _HuggingFace:
    library: Any

    def encode(self, text: str) -> list[int]:
        return self.library.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self.library.decode(ids, skip_special_tokens=True)


def _special_names(path: Path) -> tuple[str | None, str | None]:
    """Read the bos and eos tokens as the JSON files beside a tokenizer.json name them. Without: `<s>`, `</s>`."""
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        file = path.with_name(name)
        if not file.is_file():
            continue
        try:
            settings = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UserError(f"{file}: malformed JSON ({error})") from None
        if not isinstance(settings, dict):
            raise UserError(f"{file}: holds no JSON object")
        bos, eos = (
            token.get("content") if isinstance(token, dict) else token
            for token in (settings.get("bos_token"), settings.get("eos_token"))
        )
        if eos:
            return bos, eos
    return "<s>", "</s>"
