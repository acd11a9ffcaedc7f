"""The pipeline that training reads and `commit-llm batches` shows: records to batches."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.codemix.direction import complaint
from commit_llm.codemix.fit import Fit, fit_ratio
from commit_llm.codemix.randomness import hash64, unit_float
from commit_llm.data.document_hashes import hash_documents
from commit_llm.data.examples import (
    Example,
    MixTexts,
    TextForm,
    encode_instruction,
    encode_instruction_original,
    instruction_texts,
    unmixed,
)
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.packing import Batch, Batches, Examples, FirstFitPacker, StreamPacker
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import Record

if TYPE_CHECKING:
    import pyarrow as pa

LOGGER = logging.getLogger("commit_llm")
PREFETCHED_BATCHES = 4
LOOKED_AT = 1000  # records, for `ExampleMaker.require_hit`
FITTED = 20_000  # examples that say how many words can be mixed
HELD_OUT = 0x4845_4C44  # keeps the draw of the held-out rows apart from other draws


class DataSettings(Protocol):
    """The fields of a recipe that decide what the model sees (recipes.py says what each means)."""

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


class Observer(Protocol):
    """Is told of every example that is made, and of what became of its words where they are mixed."""

    def made(self, epoch: int, example: Example | None) -> None: ...
    def mixed(self, epoch: int, counts: Counts) -> None: ...


@dataclass(frozen=True)
class ExampleMaker:
    """Turns the record of a row, in an epoch, into an example: mix, fill the prompt, encode, mask."""

    settings: DataSettings
    records: Sequence[Record]
    tokenizer: Tokenizer
    mixer: CodeMixer | None
    observer: Observer | None = None

    def __call__(self, epoch: int, row: int) -> Example | None:
        example = self._make(epoch, row)
        if self.observer is not None:
            self.observer.made(epoch, example)
        return example

    def _make(self, epoch: int, row: int) -> Example | None:
        return self.encoded(row, self._mix(epoch, row))

    def encoded(self, row: int, mix: MixTexts) -> Example | None:
        """The example of a row whose texts are mixed so; None where there is nothing to train on."""
        settings, record = self.settings, self.records[row]
        original = settings.behaviour == "original"
        if settings.form == "text":
            encode = self.text_form.encode_original if original else self.text_form.encode
            return encode(self.tokenizer, record, row, mix)
        texts = instruction_texts(record, row, mix, settings.block_template)
        return (encode_instruction_original if original else encode_instruction)(self.tokenizer, *texts)

    def texts(self, row: int, mix: MixTexts) -> list[str]:
        """The texts of a row that are encoded one after another, mixed so."""
        if self.settings.form == "text":
            return [text for text in self.text_form.texts(self.records[row], row, mix) if text is not None]
        return list(instruction_texts(self.records[row], row, mix, self.settings.block_template))

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
        for row in range(len(self.records)):
            self.texts(row, unmixed)

    def columns(self, rows: Iterable[int]) -> "dict[str, pa.Array]":
        """The texts of these rows as mixing sees them."""
        import pyarrow as pa

        seen: list[Mapping[str, str]] = []

        def see(texts: Mapping[str, str]) -> Mapping[str, str]:
            seen.append(texts)
            return texts

        for row in rows:
            self.texts(row, see)
        names = seen[0].keys() if seen else ()
        return {name: pa.array([texts[name] for texts in seen], pa.large_string()) for name in names}

    def require_hit(self) -> None:
        """Raise UserError where the dictionary has not one word of the data; warn where it has few.

        Looks at the first 1,000 records, and further only until the first hit.
        """
        mixer = self.mixer
        if mixer is None:
            return
        told, hits = None, 0
        for start in range(0, len(self.records), LOOKED_AT):
            columns = self.columns(range(start, min(start + LOOKED_AT, len(self.records))))
            fields = self.settings.mix_fields or None
            counts = Counts(*mixer.mix_columns(columns, mixed_fields=fields)[1].sum(axis=0).tolist())
            told, hits = told or complaint(mixer, counts, columns), hits + counts.hits
            if hits:
                break
        if not hits:
            raise UserError(told or f"{self.settings.mix_fields or 'the data'}: has no word to mix")
        if told:
            LOGGER.warning("%s", told)

    def _mix(self, epoch: int, row: int) -> MixTexts:
        mixer = self.mixer
        if mixer is None:
            return unmixed

        def mix(texts: Mapping[str, str]) -> Mapping[str, str]:
            mixed = mixer.mix_example(texts, row=row, epoch=epoch, mixed_fields=self.mixed_fields(texts))
            if self.observer is not None:
                self.observer.mixed(epoch, mixed.counts)
            return mixed.texts

        return mix

    def mixed_fields(self, texts: Mapping[str, str]) -> Collection[str]:
        """Which of these texts are mixed."""
        return self.settings.mix_fields or texts


def make_mixer(settings: MixingFlags) -> CodeMixer | None:
    """The mixer of a recipe; None where it does not mix (ratio 0)."""
    if settings.ratio == 0.0 and not settings.asks_for_amount:
        if settings.dictionary:
            raise UserError(
                f"--dictionary {settings.dictionary[0]}: the recipe mixes nothing (ratio 0); leave it out, or set "
                "--ratio"
            )
        return None
    if not settings.dictionary:
        raise UserError(f"--ratio {settings.ratio}: mixing needs a --dictionary FILE (or --ratio 0, for none)")
    return settings.open_mixer()


def fit_mixer(make: ExampleMaker, mixer: CodeMixer, settings: MixingFlags) -> Fit:
    """Fit a mixer to the amount of mixing that the settings ask for.

    Looks at all examples, or at 20,000 that are spread over the data.
    """
    step = -(-len(make.records) // FITTED)
    columns = make.columns(range(0, len(make.records), step))
    return fit_ratio(
        mixer,
        columns,
        target_share=settings.target_share,
        target_cmi=settings.target_cmi,
        mixed_fields=settings.mix_fields or None,
    )


def open_batches(
    settings: DataSettings,
    records: Sequence[Record],
    tokenizer: Tokenizer,
    mixer: CodeMixer | None,
    observer: Observer | None = None,
) -> StreamPacker | FirstFitPacker:
    """Batches of the records without end, mixed anew in every epoch; the observer is told of their examples.

    Raises UserError for a record without the fields that the recipe needs, and for a dictionary that
    has none of the data's words.
    """
    make = ExampleMaker(settings, records, tokenizer, mixer, observer)
    make.require_fields()
    make.require_hit()
    examples = training_examples(make)
    if settings.behaviour == "original":
        return StreamPacker(examples, settings.batch_size, settings.seq_len)
    return FirstFitPacker(
        examples,
        settings.batch_size,
        settings.seq_len,
        cut_freely=settings.form == "text",
        split_long=settings.split_long,
    )


def training_examples(make: ExampleMaker) -> Examples:
    """The examples that are not held out, in the order of training: shuffled anew each epoch, but by the original."""
    settings = make.settings
    rows = training_rows(settings, len(make.records))
    return Examples(rows, make, None if settings.behaviour == "original" else settings.seed)


def training_rows(settings: DataSettings, num_records: int) -> Sequence[int] | np.ndarray:
    """Rows of the data set that are trained on, in file order: those that are not held out."""
    held_out = held_out_rows(settings, num_records)
    return np.delete(np.arange(num_records), held_out) if len(held_out) else range(num_records)


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


def documents_of(settings: DataSettings, records: Sequence[Record]) -> np.ndarray:
    """The hashes of the documents that are trained on (data/document_hashes.py); held-out examples are none of them."""
    return hash_documents(settings.form, settings.fields, records, training_rows(settings, len(records)))


@contextmanager
def prefetched(batches: Batches) -> Iterator[Batches]:
    """The same batches, made in a background thread by Grain, with the state of the batch last taken."""
    from grain.experimental import ThreadPrefetchDatasetIterator  # imports jax, so not at the top

    iterator = ThreadPrefetchDatasetIterator(batches, PREFETCHED_BATCHES)
    try:
        yield iterator
    finally:
        iterator.close()
