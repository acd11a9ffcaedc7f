"""Batches of a data set, as a recipe asks for them: those of training, those that are held out, made ahead of time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import numpy as np

from commit_llm.codemix import CodeMixer
from commit_llm.data.document_hashes import hash_documents
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.examples import Cut, Example, NoExample
from commit_llm.data.forms.form import FormSettings, choose_form, in_one_stream
from commit_llm.data.packing.batch import Batch, BatchStream, Packer
from commit_llm.data.packing.example_order import Examples, held_out_indices, training_indices
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.training_mixer import require_hit
from commit_llm.files.records import Record

PREFETCHED_BATCHES = 4


class DataSettings(FormSettings, Protocol):
    """Name the fields of a recipe that decide what the model sees (recipes.py says what each means)."""

    @property
    def mix_fields(self) -> tuple[str, ...]: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def gradient_accumulation(self) -> int: ...
    @property
    def seq_len(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def held_out_share(self) -> float: ...


def open_examples(
    settings: DataSettings, records: Sequence[Record], tokenizer: Tokenizer, mixer: CodeMixer | None
) -> ExampleMaker:
    """Give the maker of a data set's examples, with the form that the settings ask for."""
    return ExampleMaker(choose_form(settings), records, tokenizer, mixer, settings.mix_fields)


def open_batches(settings: DataSettings, make: ExampleMaker) -> Packer:
    """Give batches without end, mixed anew in every epoch.

    Raises UserError for a record without the fields that the form needs, and for a dictionary that has none of the
    data's words.
    """
    make.require_fields()
    require_hit(make)
    packer = StreamPacker if in_one_stream(settings) else FirstFitPacker
    return packer(training_examples(settings, make), settings.batch_size, settings.seq_len)


def training_examples(settings: DataSettings, make: ExampleMaker) -> Examples:
    """Give the examples that are not held out, in the order of training: shuffled anew each epoch, or as the file."""
    indices = training_indices(settings.held_out_share, settings.seed, len(make.records))
    return Examples(indices, make, None if in_one_stream(settings) else settings.seed)


def held_out_batches(settings: DataSettings, make: ExampleMaker) -> list[Batch]:
    """Give the batches of the held-out examples: each in one row where it fits, and mixed the same way all along.

    Their draws are those of the first epoch, at the ratio where a schedule stays.
    """
    indices = held_out_indices(settings.held_out_share, settings.seed, len(make.records))
    if not len(indices):
        return []

    if make.mixer is not None:
        make = replace(make, mixer=make.mixer.with_ratio(make.mixer.settings.last_ratio))

    def make_whole(epoch: int, index: int, place: float) -> Example | NoExample:
        example = make(epoch, index)
        return example if isinstance(example, NoExample) else example._replace(cut=Cut.IF_LONG)

    rows = settings.batch_size // settings.gradient_accumulation  # no more than training has in memory at a time
    return list(FirstFitPacker(Examples(indices, make_whole), rows, settings.seq_len).one_pass())


def training_documents(settings: DataSettings, make: ExampleMaker) -> np.ndarray:
    """Hash the documents that are trained on (document_hashes.py); held-out examples are none of them."""
    indices = training_indices(settings.held_out_share, settings.seed, len(make.records))
    return hash_documents(make.form, make.records, indices)


@contextmanager
def prefetched(batches: BatchStream) -> Iterator[BatchStream]:
    """Give the same batches, made in a background thread by Grain, with the state of the batch last taken."""
    from grain.experimental import ThreadPrefetchDatasetIterator  # imports jax, so not at the top

    iterator = ThreadPrefetchDatasetIterator(batches, PREFETCHED_BATCHES)
    try:
        yield iterator
    finally:
        iterator.close()
