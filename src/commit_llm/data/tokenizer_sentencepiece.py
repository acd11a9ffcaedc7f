"""Read a sentencepiece `.model`, with the tokens that the JSON files beside it add."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer_hugging_face import added_ids, read_prefix
from commit_llm.data.tokenizer_library import Loaded, RenderedIds
from commit_llm.data.tokenizer_settings import AddedToken, TokenizerSettings, read_added_tokens, read_settings
from commit_llm.errors import UserError


def load_sentencepiece(path: Path) -> Loaded:
    """Read a model. Raises UserError where it is none, or where its end-of-text token is unknown."""
    processor = _read(path)
    size, settings, added = processor.GetPieceSize(), read_settings(path), read_added_tokens(path)
    ids = {processor.IdToPiece(i): i for i in (processor.bos_id(), processor.eos_id(), processor.unk_id()) if i >= 0}
    # Of its own ids the model says what they mean; the files can only say which of them are special.
    added = {i: token for i, token in added.items() if i >= size or processor.IdToPiece(i) == token.content}
    bos_id = _find(processor, added, settings.bos) if settings.names_bos else _or_none(processor.bos_id())
    eos_id = _find(processor, added, settings.eos) if settings.eos else _or_none(processor.eos_id())
    if eos_id is None:
        which = f"{settings.eos!r} is unknown" if settings.eos else "is unknown"
        raise UserError(f"{path}: its end-of-text token {which}; name eos_token in tokenizer_config.json beside it")
    specials = ids | {token.content: i for i, token in added.items() if token.special}
    if settings.bos and bos_id is not None:
        specials[settings.bos] = bos_id
    if settings.eos:
        specials[settings.eos] = eos_id
    beyond = {i: token for i, token in added.items() if i >= size}
    bos = () if bos_id is None or not _adds_bos(path, settings) else (bos_id,)
    left_out = frozenset(specials.values()) - {processor.unk_id()}
    # A control piece stands in no text by itself; one that is added, as of a grown vocabulary, does.
    in_texts = beyond | {i: token for i, token in added.items() if i < size and processor.IsControl(i)}
    texts = {i: token for i, token in in_texts.items() if i not in left_out}
    library = _SentencePiece(processor, size, texts, left_out)
    return Loaded(max(size, max(beyond, default=0) + 1), bos_id, eos_id, bos, specials, library)


def is_all_of(path: Path, other: Path) -> bool:
    """Say whether a sentencepiece model has every token of its folder: no other file adds one.

    other: the tokenizer.json beside it.
    """
    try:
        size = _read(path).GetPieceSize()
    except UserError:  # a tiktoken file, of the same name
        return False
    return all(number < size for number in [*read_added_tokens(path), *added_ids(other).values()])


def _read(path: Path) -> Any:
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor()
    try:
        processor.LoadFromSerializedProto(path.read_bytes())
    except RuntimeError:
        raise UserError(f"{path}: not a sentencepiece model; fetch it again") from None
    return processor


def _find(processor: Any, added: Mapping[int, AddedToken], name: str | None) -> int | None:
    """Find the id of a token by its name; None where there is none of that name."""
    if name is None:
        return None
    for number, token in added.items():
        if token.content == name:
            return number
    number = processor.PieceToId(name)  # the unknown token's where there is no such piece
    return number if processor.IdToPiece(number) == name else None


def _or_none(number: int) -> int | None:
    return number if number >= 0 else None


def _adds_bos(path: Path, settings: TokenizerSettings) -> bool:
    """Say whether a bos stands before a text: as the tokenizer.json beside the model says, else as its settings do."""
    beside = path.with_name("tokenizer.json")
    return bool(read_prefix(beside)) if beside.is_file() else settings.adds_bos is not False


@dataclass(frozen=True)
class _SentencePiece:
    """Encode and decode with a sentencepiece model and added tokens.

    size: pieces of the model.
    added: tokens that are part of a text and no pieces: behind them, or control pieces.
    left_out: special ids, which decoding leaves out.
    """

    processor: Any
    size: int
    added: Mapping[int, AddedToken]
    left_out: frozenset[int]

    def encode(self, text: str) -> list[int]:
        if not self.added:
            return self.processor.EncodeAsIds(text)
        return list(self._encode_with_added(text))

    @property
    def literals(self) -> dict[str, int]:
        return {}

    def encode_rendered(self, text: str) -> RenderedIds:
        raise UserError(
            "a chat template needs a tokenizer.json, because a tokenizer.model does not know the control tokens; put "
            "one beside it, or take --prompt alpaca"
        )

    def decode(self, ids: list[int]) -> str:
        texts = []
        kept = [i for i in ids if i not in self.left_out and not self._is_silent(i)]
        for is_added, same in groupby(kept, self.added.__contains__):
            if is_added:
                texts += [self.added[i].content for i in same]
            else:
                texts.append(self.processor.DecodeIds(list(same)))
        return "".join(texts)

    def _is_silent(self, number: int) -> bool:
        """Say whether an id has no text: of a control piece, or of none at all."""
        return number not in self.added and (number >= self.size or self.processor.IsControl(number))

    def _encode_with_added(self, text: str) -> Iterator[int]:
        """Cut the text at added tokens, and encode every part between them by itself."""
        start, strip = 0, False
        for match in self._pattern.finditer(text):
            number = self._ids[match[0]]
            token = self.added[number]
            yield from self._part(text[start : match.start()], strip, token.lstrip)
            yield number
            start, strip = match.end(), token.rstrip
        yield from self._part(text[start:], strip, False)

    def _part(self, text: str, lstrip: bool, rstrip: bool) -> list[int]:
        text = text.lstrip() if lstrip else text
        text = text.rstrip() if rstrip else text
        return self.processor.EncodeAsIds(text) if text else []

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token.content: number for number, token in self.added.items()}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Match any added token: at one place, the longest."""
        tokens = sorted(self.added.values(), key=lambda token: len(token.content), reverse=True)
        words = (rf"(?<!\w){re.escape(t.content)}(?!\w)" if t.single_word else re.escape(t.content) for t in tokens)
        return re.compile("|".join(words))
