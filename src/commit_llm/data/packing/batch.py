"""Batches: their arrays, the part that the training step takes, and iterators of them that can be saved and resumed."""

from collections.abc import Sequence
from typing import Any, Protocol, TypedDict, cast

import numpy as np

from commit_llm.data.examples import Example, NoExample


class Batch(TypedDict):
    """Hold the rows of one step. Every array is int32 of shape (rows, seq_len), but for the type of the loss masks.

    input_tokens: what the model reads; 0 where a row is empty.
    target_tokens: the token that follows each input token in its example.
    loss_masks: float32, 1 where the target is trained.
    segment_ids: from 1 in each row, a number for each segment; 0 where a row is empty.
    positions: from 0 in each segment. (The original's rows are one segment each.)
    example_ids: index of the record that an input token comes from; -1 where a row is empty. The records of several
        sources are counted one source after another.
    """

    input_tokens: np.ndarray
    target_tokens: np.ndarray
    loss_masks: np.ndarray
    segment_ids: np.ndarray
    positions: np.ndarray
    example_ids: np.ndarray


# The part of a batch that the training step takes; train/step.py, which imports no data, names it too.
StepArrays = dict[str, np.ndarray]
State = dict[str, Any]


def empty_batch(rows: int, seq_len: int) -> Batch:
    """Make a batch of empty rows."""
    shape = (rows, seq_len)
    return {
        "input_tokens": np.zeros(shape, np.int32),
        "target_tokens": np.zeros(shape, np.int32),
        "loss_masks": np.zeros(shape, np.float32),
        "segment_ids": np.zeros(shape, np.int32),
        "positions": np.zeros(shape, np.int32),
        "example_ids": np.full(shape, -1, np.int32),
    }


def step_arrays(batch: Batch) -> StepArrays:
    """Give the arrays that the training step takes: all but the example ids, which no device needs.

    >>> sorted(step_arrays(empty_batch(1, 2)))
    ['input_tokens', 'loss_masks', 'positions', 'segment_ids', 'target_tokens']
    """
    arrays = cast("StepArrays", batch.copy())
    del arrays["example_ids"]
    return arrays


class BatchStream(Protocol):
    """Give batches without end. It can be stopped, saved and resumed (as Grain's iterators are)."""

    def __next__(self) -> Batch: ...
    def get_state(self) -> State: ...
    def set_state(self, state: State) -> None: ...


class ExampleSource(Protocol):
    """Give examples by their position in an endless sequence, as packers read them.

    num_records: records an epoch; of several sources, examples until each has had one whole pass.
    first_source_epoch: examples until the first source has had one.
    index: of the record at a position.
    """

    @property
    def num_records(self) -> int: ...
    @property
    def first_source_epoch(self) -> int: ...
    def index(self, position: int) -> int: ...
    def __getitem__(self, position: int) -> Example | NoExample: ...


class Packer(BatchStream, Protocol):
    """Pack examples into the rows of batches. Its state is a few integers: they name the examples under way.

    examples: where it reads; another source of the same examples may take its place.
    count: the batches that hold so many examples, by making them. Call it at the first batch; set a state afterwards.
    places: of a row that an example takes.
    batches_of: an epoch that takes so many batches' room; a fraction where the next epoch fills the rest.
    """

    examples: ExampleSource

    def count(self, examples: int) -> int: ...
    def places(self, example: Example | NoExample) -> int: ...
    def batches_of(self, room: float) -> float: ...


def indices_of(batches: Sequence[Batch]) -> np.ndarray:
    """Give the indices of the records that these batches hold, sorted, each once."""
    ids = [batch["example_ids"].ravel() for batch in batches]
    indices = np.unique(np.concatenate(ids)) if ids else np.zeros(0, np.int32)
    return indices[indices >= 0]
