"""Grow a `tokenizer.json` of byte pairs: entries behind its vocabulary, merges behind its merges.

A merge counts before all that stand behind it. So a text is first made into the pieces of old, and the new merges join
these.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer import HUGGING_FACE
from commit_llm.errors import UserError
from commit_llm.files.json_text import read_json_object
from commit_llm.vocabulary.growable import SPACE, Growable, cuts
from commit_llm.vocabulary.letters import letter_runs

BYTE_LEVEL = "ByteLevel"
REMEMBERED = 100_000


class GrowableJson(Growable):
    """Hold the content of a tokenizer.json.

    content: as the file has it.
    others: tokens beyond the pieces of texts, by text, with their ids: special and added ones. They get an entry of the
        vocabulary, because the library gives one without an entry the id behind the number of entries.
    """

    def __init__(self, content: dict[str, Any], others: Mapping[str, int]) -> None:
        from tokenizers import Tokenizer, decoders, pre_tokenizers

        self.content, self.others = content, others
        vocabulary = content["model"]["vocab"]
        self.ids = {piece: number for piece, number in vocabulary.items() if piece not in others}
        self.next_id = max([*vocabulary.values(), *others.values()]) + 1
        self.library = Tokenizer.from_str(json.dumps(content))
        self.library.no_truncation()
        self.library.encode_special_tokens = True
        self.pairs = self.library.model
        self.is_byte_level = BYTE_LEVEL in _types(content.get("pre_tokenizer"))
        self.to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        self.from_bytes = decoders.ByteLevel()
        self.runs_of = lru_cache(REMEMBERED)(self._runs)  # words come again, and the library answers slowly

    def words(self, text: str) -> Iterator[str]:
        normalised = self.library.normalizer.normalize_str(text) if self.library.normalizer else text
        splitter = self.library.pre_tokenizer
        parts = [part for part, _ in splitter.pre_tokenize_str(normalised)] if splitter else [normalised]
        for part in parts:
            yield from self.runs_of(part)

    def _runs(self, part: str) -> tuple[str, ...]:
        """Give the runs of letters within what no piece reaches beyond."""
        return tuple(letter_runs(self.from_bytes.decode([part]) if self.is_byte_level else part.replace(SPACE, " ")))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.library.encode(text, add_special_tokens=False).ids
        return ids

    def spelt(self, word: str) -> str:
        if self.is_byte_level:
            return self.to_bytes.pre_tokenize_str(word)[0][0]
        return word.replace(" ", SPACE)

    def grown(self, pieces: Sequence[str]) -> "GrowableJson":
        model = self.content["model"]
        new = {piece: number for number, piece in enumerate(pieces, self.next_id)}
        ids = {**self.ids, **new}
        merges = [pair for piece in pieces for pair in cuts(piece, ids)]
        as_texts = bool(model["merges"]) and isinstance(model["merges"][0], str)
        written = [" ".join(pair) for pair in merges] if as_texts else [list(pair) for pair in merges]
        grown = model | {"vocab": model["vocab"] | self.others | new, "merges": model["merges"] + written}
        return GrowableJson(self.content | {"model": grown}, self.others)

    def write(self, folder: Path) -> None:
        (folder / HUGGING_FACE).write_text(json.dumps(self.content, ensure_ascii=False, indent=2), encoding="utf-8")


def open_json(path: Path, others: Mapping[str, int]) -> GrowableJson:
    """Open a tokenizer.json that the library has read before. others: as in `GrowableJson`.

    Raises UserError where it cannot grow.
    """
    content = read_json_object(path)
    model = content["model"]
    kind = model.get("type", "BPE")  # of old files, which have no other
    if kind != "BPE":
        raise UserError(f"{path}: a tokenizer of the type {kind} cannot grow; it must be of byte pairs (BPE)")
    for key in ("continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(key):
            raise UserError(f"{path}: a tokenizer with a {key} ({model[key]!r}) cannot grow; its pieces are no texts")
    if BYTE_LEVEL in _types(content.get("normalizer")):
        raise UserError(f"{path}: a tokenizer whose normalizer makes bytes cannot grow; its pre_tokenizer should")
    return GrowableJson(content, others)


def _types(part: Any) -> set[str]:
    """Give the types of a step of a tokenizer.json, and of the steps in it."""
    if isinstance(part, list):
        return set().union(*map(_types, part))
    if not isinstance(part, dict):
        return set()
    return {str(part.get("type"))}.union(*(_types(value) for value in part.values() if isinstance(value, list)))
