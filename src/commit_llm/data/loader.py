"""Batches of a data set, as a recipe asks for them: those of training, those that are held out, made ahead of time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from itertools import accumulate
from typing import Protocol

import numpy as np

from commit_llm.codemix import CodeMixer
from commit_llm.data.document_hashes import hash_documents, merge
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.examples import Cut, Example, NoExample
from commit_llm.data.forms.form import FormSettings, choose_form, in_one_stream
from commit_llm.data.packing.batch import Batch, BatchStream, Packer
from commit_llm.data.packing.example_order import Examples, held_out_indices, source_seed, training_indices
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.interleaving import InterleavedExamples
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.training_mixer import require_annotated_fields, require_hit
from commit_llm.errors import UserError
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
    @property
    def max_train_samples(self) -> int | None: ...


def open_examples(
    settings: DataSettings, records: Sequence[Record], tokenizer: Tokenizer, mixer: CodeMixer | None
) -> ExampleMaker:
    """Give the maker of a data set's examples, with the form that the settings ask for."""
    return ExampleMaker(choose_form(settings), records, tokenizer, mixer, settings.mix_fields)


def first_ids(makes: Sequence[ExampleMaker]) -> list[int]:
    """Give the number of each source's first record, where the records of all are counted one source after another."""
    return list(accumulate((len(make.records) for make in makes[:-1]), initial=0))


@contextmanager
def naming_source(make: ExampleMaker, makes: Sequence[ExampleMaker]) -> Iterator[None]:
    """Name the source in the message of a UserError raised inside, where there are several."""
    try:
        yield
    except UserError as error:
        if len(makes) == 1:
            raise
        raise UserError(f"{make.source.name}: {error.for_command()}") from None


def open_batches(settings: DataSettings, *makes: ExampleMaker) -> Packer:
    """Give batches without end, mixed anew in every epoch. makes: of each source of data.

    Raises UserError for a record without the fields that the form needs, and for a dictionary that has none of the
    data's words.
    """
    for make in makes:
        with naming_source(make, makes):
            make.require_fields()
            require_hit(make, several=len(makes) > 1)
    require_annotated_fields(makes)
    packer = StreamPacker if in_one_stream(settings) else FirstFitPacker
    return packer(training_examples(settings, *makes), settings.batch_size, settings.seq_len)


def training_examples(settings: DataSettings, *makes: ExampleMaker) -> Examples | InterleavedExamples:
    """Give the examples that are not held out, in the order of training: shuffled anew each epoch, or as the file."""
    sources = []
    for make, first_id in zip(makes, first_ids(makes), strict=True):
        with naming_source(make, makes):
            indices = _trained(settings, make)
        seed = None if in_one_stream(settings) else source_seed(settings.seed, make.number)
        sources.append(Examples(indices, make, seed, first_id))
    if len(sources) == 1:
        return sources[0]
    names = [make.source.name for make in makes]
    return InterleavedExamples(names, sources, [make.source.weight for make in makes])


def held_out_batches(settings: DataSettings, *makes: ExampleMaker) -> list[Batch]:
    """Give the batches of the held-out examples: each in one row where it fits, and mixed the same way all along.

    Their draws are those of the first epoch, at the ratio where a schedule stays.
    """
    batches: list[Batch] = []
    rows = settings.batch_size // settings.gradient_accumulation  # no more than training has in memory at a time
    for make, first_id in zip(makes, first_ids(makes), strict=True):
        seed = source_seed(settings.seed, make.number)
        indices = held_out_indices(settings.held_out_share, seed, len(make.records))
        if len(indices):
            examples = Examples(indices, _as_at_the_end(make), first_id=first_id)
            batches += FirstFitPacker(examples, rows, settings.seq_len).one_pass()
    return batches


def _as_at_the_end(make: ExampleMaker) -> Callable[[int, int, float], Example | NoExample]:
    """Give what makes held-out examples: cut where they are long, at the last ratio."""
    if make.mixer is not None:
        make = replace(make, mixer=make.mixer.with_ratio(make.mixer.settings.last_ratio))

    def make_whole(epoch: int, index: int, place: float) -> Example | NoExample:
        example = make(epoch, index)
        return example if isinstance(example, NoExample) else example._replace(cut=Cut.IF_LONG)

    return make_whole


def training_documents(settings: DataSettings, *makes: ExampleMaker) -> np.ndarray:
    """Hash the documents that are trained on (document_hashes.py); held-out examples are none of them."""
    return reduce(merge, (hash_documents(make.form, make.records, _trained(settings, make)) for make in makes))


def _trained(settings: DataSettings, make: ExampleMaker) -> Sequence[int] | np.ndarray:
    """Give the indices of the records of a source that are trained on. Only the first source may be cut short."""
    most = settings.max_train_samples if make.number == 0 else None
    seed = source_seed(settings.seed, make.number)
    return training_indices(settings.held_out_share, seed, len(make.records), most)


@contextmanager
def prefetched(batches: BatchStream) -> Iterator[BatchStream]:
    """Give the same batches, made in a background thread by Grain, with the state of the batch last taken."""
    from grain.experimental import ThreadPrefetchDatasetIterator  # imports jax, so not at the top

    iterator = ThreadPrefetchDatasetIterator(batches, PREFETCHED_BATCHES)
    try:
        yield iterator
    finally:
        iterator.close()
