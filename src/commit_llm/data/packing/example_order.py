"""The order of training: all examples of all epochs in one endless sequence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from commit_llm.codemix.randomness import permutation
from commit_llm.data.examples import Example, NoExample

SHUFFLE = 0x5348_5546  # keeps the shuffle's draws apart from the mixer's


@dataclass(frozen=True)
class Examples:
    """Give the example at a position of the sequence. Each is made when it is asked for.

    indices: of the records that are used.
    make: of (epoch, index of the record), makes an example or says why there is none.
    shuffle_seed: gives each epoch its own order; without it records come in the order of the file.
    """

    indices: Sequence[int] | np.ndarray
    make: Callable[[int, int], Example | NoExample]
    shuffle_seed: int | None = None
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

    def index(self, position: int) -> int:
        """Give the index of the record at a position of the sequence."""
        epoch, place = divmod(position, self.num_records)
        return int(self.indices[place if self.shuffle_seed is None else self._order(epoch)[place]])

    def __getitem__(self, position: int) -> Example | NoExample:
        return self.make(position // self.num_records, self.index(position))
