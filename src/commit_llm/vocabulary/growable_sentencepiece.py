"""Grow a sentencepiece model of byte pairs: pieces behind its pieces, each with a lower score than all before it.

Of all neighbours that make a piece, sentencepiece joins those first whose piece has the highest score. So a text is
first made into the pieces of old, as in growable_json.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from commit_llm.data.tokenizer import SENTENCEPIECE
from commit_llm.errors import UserError
from commit_llm.vocabulary.growable import SPACE, Growable, cuts
from commit_llm.vocabulary.letters import letter_runs
from commit_llm.vocabulary.sentencepiece_proto import model_proto

PIECE, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6  # SentencePiece.Type of sentencepiece_model.proto
TYPES = {1: "unigram", 2: "BPE", 3: "word", 4: "char"}  # TrainerSpec.ModelType there


class GrowableSentencePiece(Growable):
    """Hold a sentencepiece model.

    model: a ModelProto.
    others: tokens behind its pieces, by text, with their ids. Where pieces come behind them, they become control
        pieces of the model, which no text holds.
    """

    def __init__(self, model: Any, others: Mapping[str, int]) -> None:
        from sentencepiece import SentencePieceProcessor

        self.model, self.others = model, others
        self.ids = {one.piece: number for number, one in enumerate(model.pieces) if one.type in (PIECE, USER_DEFINED)}
        self.next_id = max(len(model.pieces), 1 + max(others.values(), default=0))
        self.processor = SentencePieceProcessor()
        self.processor.LoadFromSerializedProto(model.SerializeToString())

    @cached_property
    def pairs(self) -> Any:
        """Give the model as the other library has it: a merge for every way to cut a piece in two."""
        from tokenizers.models import BPE

        pieces = self.model.pieces
        vocabulary = {one.piece: number for number, one in enumerate(pieces)}
        by_score = sorted(self.ids, key=lambda piece: -pieces[vocabulary[piece]].score)
        unknown = next((one.piece for one in pieces if one.type == UNKNOWN), None)
        merges = [pair for piece in by_score for pair in cuts(piece, self.ids)]
        has_bytes = any(one.type == BYTE for one in pieces)
        return BPE(vocabulary, merges, unk_token=unknown, fuse_unk=True, byte_fallback=has_bytes)

    def words(self, text: str) -> Iterator[str]:
        return letter_runs(self.processor.Normalize(text).replace(SPACE, " "))

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self.processor.EncodeAsIds(text)
        return ids

    def spelt(self, word: str) -> str:
        return word.replace(" ", SPACE)

    def grown(self, pieces: Sequence[str]) -> "GrowableSentencePiece":
        model = type(self.model)()
        model.CopyFrom(self.model)
        names = {number: name for name, number in self.others.items()}
        for number in range(len(model.pieces), self.next_id):
            model.pieces.add(piece=names.get(number, f"<unused_{number}>"), score=0.0, type=CONTROL)
        lowest = min(one.score for one in model.pieces)
        for number, piece in enumerate(pieces, 1):
            model.pieces.add(piece=piece, score=lowest - number, type=PIECE)
        model.trainer_spec.vocab_size = len(model.pieces)
        return GrowableSentencePiece(model, self.others)

    def write(self, folder: Path) -> None:
        (folder / SENTENCEPIECE).write_bytes(self.model.SerializeToString())


def open_sentencepiece(path: Path, others: Mapping[str, int]) -> GrowableSentencePiece:
    """Open a tokenizer.model that the library has read before. others: as in `GrowableSentencePiece`.

    Raises UserError where it cannot grow.
    """
    model = model_proto()()
    model.ParseFromString(path.read_bytes())
    kind = TYPES.get(model.trainer_spec.model_type, "unknown")
    if kind != "BPE":
        raise UserError(f"{path}: a sentencepiece model of the type {kind} cannot grow; it must be of byte pairs (BPE)")
    return GrowableSentencePiece(model, others)
