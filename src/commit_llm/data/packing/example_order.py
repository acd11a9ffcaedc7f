"""Which records are trained on, and in which order: all examples of all epochs in one endless sequence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.randomness import hash64, permutation, unit_float
from commit_llm.data.examples import Example, NoExample
from commit_llm.errors import UserError

HELD_OUT = 0x4845_4C44  # keeps this draw apart from other draws
SAMPLE = 0x5341_4D50  # and this one
SOURCE = 0x534F_5552_4345  # keeps the seed of a further source apart from other draws


def source_seed(seed: int, number: int) -> int:
    """Give the seed of a source: mixing, shuffle and held-out share draw with it as if the source were alone.

    number: of the source, from 0; the first has the seed of the run.
    """
    return seed if number == 0 else hash64(seed, SOURCE, number)


def held_out_indices(share: float, seed: int, num_records: int) -> np.ndarray:
    """Draw the records that are held out: each with probability share, in [0, 1), by seed and index alone.

    Gives their indices, sorted. Raises UserError where the share holds out none of the records, or all of them.
    """
    if share == 0.0:
        return np.zeros(0, np.int64)
    draws = (unit_float(hash64(seed, HELD_OUT, index)) < share for index in range(num_records))
    indices = np.flatnonzero(np.fromiter(draws, bool, num_records))
    if not 0 < len(indices) < num_records:
        raise UserError(
            f"--held-out-share {share}: holds out {len(indices)} of {num_records} examples; choose another share"
        )
    return indices


def training_indices(share: float, seed: int, num_records: int, most: int | None = None) -> Sequence[int] | np.ndarray:
    """Give the indices of the records that are trained on, in the order of the file: those that are not held out.

    most: draw only so many of them, by the seed. None takes all. Raises UserError where there are fewer.
    """
    held_out = held_out_indices(share, seed, num_records)
    indices = np.delete(np.arange(num_records), held_out) if len(held_out) else range(num_records)
    if most is None:
        return indices
    if most > len(indices):
        raise UserError(f"--max-train-samples {most:,}: the data has {len(indices):,} examples; take at most that many")
    return np.asarray(indices)[np.sort(permutation(len(indices), seed, SAMPLE, 0)[:most])]


SHUFFLE = 0x5348_5546  # keeps the shuffle's draws apart from the mixer's


class DrawnExample(NamedTuple):
    """Say which example stands at a position: of which source, in which pass over it, which of its records.

    place: in the order of the pass, 0 to 1.
    """

    source: int
    epoch: int
    record: int
    place: float


@dataclass(frozen=True)
class Examples:
    """Give the example at a position of the sequence. Each is made when it is asked for.

    indices: of the records that are used.
    make: of (epoch, index of the record, place in the epoch), makes an example or says why there is none.
    shuffle_seed: gives each epoch its own order; without it records come in the order of the file.
    first_id: what the first record is called in batches; above 0 where other sources stand before this one.
    """

    indices: Sequence[int] | np.ndarray
    make: Callable[[int, int, float], Example | NoExample]
    shuffle_seed: int | None = None
    first_id: int = 0
    _order: Callable[[int], np.ndarray] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        order = lru_cache(maxsize=2)(
            lambda epoch: permutation(self.num_records, self.shuffle_seed or 0, SHUFFLE, epoch)
        )
        object.__setattr__(self, "_order", order)

    @property
    def num_records(self) -> int:
        """Count the records of an epoch."""
        return len(self.indices)

    @property
    def first_source_epoch(self) -> int:
        """Count the examples until the first source has had one whole pass: here there is one."""
        return self.num_records

    def where(self, position: int) -> DrawnExample:
        """Say which example stands at a position."""
        epoch, place = divmod(position, self.num_records)
        index = int(self.indices[place if self.shuffle_seed is None else self._order(epoch)[place]])
        return DrawnExample(0, epoch, index, place / self.num_records)

    def index(self, position: int) -> int:
        """Give the index of the record at a position of the sequence, as batches have it."""
        return self.first_id + self.where(position).record

    def __getitem__(self, position: int) -> Example | NoExample:
        return self.make(*self.where(position)[1:])
