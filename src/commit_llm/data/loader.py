"""The pipeline that training reads and `commit-llm batches` shows: records to batches."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np

from commit_llm.codemix import CodeMixer
from commit_llm.codemix.randomness import hash64, unit_float
from commit_llm.codemix.settings import MixingSettings, open_mixer
from commit_llm.data.examples import (
    Example,
    MixTexts,
    TextForm,
    encode_instruction,
    encode_instruction_original,
    instruction_texts,
    unmixed,
)
from commit_llm.data.packing import Batch, Batches, Examples, FirstFitPacker, StreamPacker
from commit_llm.data.records import Record
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError

LOGGER = logging.getLogger("commit_llm")
PREFETCHED_BATCHES = 4
LOOKED_AT, FEW = 1000, 0.05  # records and share of words of `ExampleMaker.require_hit`
HELD_OUT = 0x4845_4C44  # keeps the draw of the held-out rows apart from other draws


class DataSettings(Protocol):
    """The fields of a recipe that decide what the model sees (train/recipes.py says what each means)."""

    @property
    def behaviour(self) -> Literal["original", "mended"]: ...
    @property
    def form(self) -> Literal["instruction", "text"]: ...
    @property
    def fields(self) -> str: ...
    @property
    def mix_fields(self) -> tuple[str, ...]: ...
    @property
    def block_template(self) -> bool: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def gradient_accumulation(self) -> int: ...
    @property
    def seq_len(self) -> int: ...
    @property
    def split_long(self) -> bool: ...
    @property
    def seed(self) -> int: ...
    @property
    def held_out_share(self) -> float: ...


@dataclass(frozen=True)
class ExampleMaker:
    """Turns the record of a row, in an epoch, into an example: mix, fill the prompt, encode, mask."""

    settings: DataSettings
    records: Sequence[Record]
    tokenizer: Tokenizer
    mixer: CodeMixer | None

    def __call__(self, epoch: int, row: int) -> Example | None:
        settings, record = self.settings, self.records[row]
        original = settings.behaviour == "original"
        mix = self._mix(epoch, row)
        if settings.form == "text":
            encode = self.text_form.encode_original if original else self.text_form.encode
            return encode(self.tokenizer, record, row, mix)
        texts = instruction_texts(record, row, mix, settings.block_template)
        return (encode_instruction_original if original else encode_instruction)(self.tokenizer, *texts)

    @cached_property
    def text_form(self) -> TextForm:
        """The columns of plain text."""
        return TextForm(self.settings.fields)

    def require_fields(self) -> None:
        """Raise UserError where a record lacks a field or holds no text in it.

        Only for records in memory: reading millions from a hub data set would take as long as an epoch.
        """
        if not isinstance(self.records, list):
            return
        for row, record in enumerate(self.records):
            if self.settings.form == "text":
                self.text_form.texts(record, row)
            else:
                instruction_texts(record, row, unmixed, block_template=True)

    def require_hit(self) -> None:
        """Raise UserError where the dictionary has not one word of the data; warn where it has few.

        Looks at the first 1,000 records, and further only until the first hit.
        """
        mixer = self.mixer
        if mixer is None:
            return
        words = hits = 0

        def count(texts: Mapping[str, str]) -> Mapping[str, str]:
            nonlocal words, hits
            counts = mixer.mix_example(texts, row=0, mixed_fields=self._mixed_fields(texts)).counts
            words, hits = words + counts.words, hits + counts.hits
            return texts

        for row, record in enumerate(self.records):
            if row >= LOOKED_AT and hits:
                break
            if self.settings.form == "text":
                self.text_form.texts(record, row, count)
            else:
                instruction_texts(record, row, count, block_template=True)
        if not hits:
            raise UserError(no_hit(mixer))
        if hits < FEW * words:
            share = f"{100 * hits / words:.1f} %"
            LOGGER.warning("%s: has only %s of the data's words; is it the right direction?", names(mixer), share)

    def _mix(self, epoch: int, row: int) -> MixTexts:
        mixer = self.mixer
        if mixer is None:
            return unmixed
        return lambda texts: (
            mixer.mix_example(texts, row=row, epoch=epoch, mixed_fields=self._mixed_fields(texts)).texts
        )

    def _mixed_fields(self, texts: Mapping[str, str]) -> Collection[str]:
        return self.settings.mix_fields or texts


def names(mixer: CodeMixer) -> str:
    """The dictionaries' names."""
    return ", ".join(dictionary.name for dictionary in mixer.dictionaries)


def no_hit(mixer: CodeMixer) -> str:
    """What to tell the user whose dictionary has no word of the data."""
    entries = sum(map(len, mixer.dictionaries))
    return (
        f"{names(mixer)}: none of its {entries:,} words stands in the data; "
        "its source language must be the data's own (en-el for English data, el-en for Greek)"
    )


def make_mixer(settings: MixingSettings) -> CodeMixer | None:
    """The mixer of a recipe; None where it does not mix (ratio 0)."""
    if settings.ratio == 0.0:
        if settings.dictionary:
            raise UserError(
                f"--dictionary {settings.dictionary[0]}: the recipe mixes nothing (ratio 0); leave it out, or set "
                "--ratio"
            )
        return None
    if not settings.dictionary:
        raise UserError(f"--ratio {settings.ratio}: mixing needs a --dictionary FILE (or --ratio 0, for none)")
    return open_mixer(settings)


def open_batches(
    settings: DataSettings, records: Sequence[Record], tokenizer: Tokenizer, mixer: CodeMixer | None
) -> StreamPacker | FirstFitPacker:
    """Batches of the records without end, mixed anew in every epoch.

    Raises UserError for a record without the fields that the recipe needs, and for a dictionary that
    has none of the data's words.
    """
    make = ExampleMaker(settings, records, tokenizer, mixer)
    make.require_fields()
    make.require_hit()
    held_out = held_out_rows(settings, len(records))
    rows = np.delete(np.arange(len(records)), held_out) if len(held_out) else range(len(records))
    if settings.behaviour == "original":
        return StreamPacker(Examples(rows, make), settings.batch_size, settings.seq_len)
    return FirstFitPacker(
        Examples(rows, make, settings.seed),
        settings.batch_size,
        settings.seq_len,
        cut_freely=settings.form == "text",
        split_long=settings.split_long,
    )


def held_out_batches(
    settings: DataSettings, records: Sequence[Record], tokenizer: Tokenizer, mixer: CodeMixer | None
) -> list[Batch]:
    """The held-out examples, mixed as in the first epoch and packed whole (long ones cut)."""
    rows = held_out_rows(settings, len(records))
    if not len(rows):
        return []
    make = ExampleMaker(settings, records, tokenizer, mixer)
    at_a_time = settings.batch_size // settings.gradient_accumulation  # no more than training has in memory
    packer = FirstFitPacker(Examples(rows, make), at_a_time, settings.seq_len, split_long=True)
    return list(packer.one_pass())


def held_out_rows(settings: DataSettings, num_records: int) -> np.ndarray:
    """Rows of the data set that are held out of training: each with probability held_out_share, by its number."""
    share = settings.held_out_share
    if share == 0.0:
        return np.zeros(0, np.int64)
    drawn = [unit_float(hash64(settings.seed, HELD_OUT, row)) < share for row in range(num_records)]
    rows = np.flatnonzero(drawn)
    if not 0 < len(rows) < num_records:
        raise UserError(
            f"--held-out-share {share}: holds out {len(rows)} of {num_records} examples; choose another share"
        )
    return rows


@contextmanager
def prefetched(batches: Batches) -> Iterator[Batches]:
    """The same batches, made in a background thread by Grain, with the state of the batch last taken."""
    from grain.experimental import ThreadPrefetchDatasetIterator  # imports jax, so not at the top

    iterator = ThreadPrefetchDatasetIterator(batches, PREFETCHED_BATCHES)
    try:
        yield iterator
    finally:
        iterator.close()
