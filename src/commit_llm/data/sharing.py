"""Examples that several processes make together: each makes its share, and all of them get all, in the same order.

    positions of the data      0 1 2 3 4 5 6 7 | 8 9 ...        a block of 4 shares of 2 processes
    made by process            0 1 0 1 0 1 0 1 | 0 1

The dear part, reading, mixing and tokenising, is done once among them; packing is done by each process alike,
so that its rows, and its state, are the same as those of a process alone.
"""

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from commit_llm.data.examples import Example
from commit_llm.data.packing import Source
from commit_llm.errors import UserError

SHARE = 32  # examples that a process makes for a block
MADE, FAILED = b"+", b"!"


class SharedExamples:
    """Examples made by several processes, for a reader that goes through them in order.

    exchange gives the bytes of every process for those of this one. What is asked for out of order is made
    here. A user's mistake in any share is raised in all processes, at the same block.
    """

    def __init__(
        self,
        examples: Source,
        process: int,
        count: int,
        exchange: Callable[[bytes], list[bytes]],
        share: int = SHARE,
    ) -> None:
        self.examples, self.process, self.count, self.exchange, self.share = examples, process, count, exchange, share
        self._start: int | None = None
        self._block: list[Example | None] = []

    @property
    def num_records(self) -> int:
        """Records an epoch."""
        return self.examples.num_records

    def row(self, position: int) -> int:
        """The row of the data set that stands at a position of the sequence."""
        return self.examples.row(position)

    def __getitem__(self, position: int) -> Example | None:
        if self._start is None or position == self._start + len(self._block):
            self._start, self._block = position, self._made_together(position)
        place = position - self._start
        return self._block[place] if 0 <= place < len(self._block) else self.examples[position]

    def _made_together(self, start: int) -> list[Example | None]:
        mine = range(start + self.process, start + self.share * self.count, self.count)
        try:
            given = MADE + pack([self.examples[position] for position in mine])
        except UserError as error:
            given = FAILED + error.for_command().encode("utf-8", "surrogatepass")
        shares = self.exchange(given)
        for answer in shares:
            if answer[:1] == FAILED:
                raise UserError(answer[1:].decode("utf-8", "surrogatepass"))
        made = [unpack(answer[1:]) for answer in shares]
        return [made[place % self.count][place // self.count] for place in range(self.share * self.count)]


def pack(examples: Sequence[Example | None]) -> bytes:
    """Examples as bytes, squeezed."""
    lengths = np.array([-1 if example is None else len(example.tokens) for example in examples], np.int32)
    made = [example for example in examples if example is not None]
    parts = [np.array([len(examples)], np.int32), lengths]
    parts += [example.tokens for example in made] + [example.loss_mask.view(np.int32) for example in made]
    return zlib.compress(np.concatenate(parts).tobytes(), 1)


def unpack(packed: bytes) -> list[Example | None]:
    """The inverse of `pack`."""
    numbers = np.frombuffer(zlib.decompress(packed), np.int32)
    lengths, rest = numbers[1 : numbers[0] + 1], numbers[numbers[0] + 1 :]
    ends = np.cumsum(np.maximum(lengths, 0))
    tokens, mask = rest[: len(rest) // 2], rest[len(rest) // 2 :].view(np.float32)
    return [
        None if length < 0 else Example(tokens[end - length : end], mask[end - length : end])
        for length, end in zip(lengths, ends, strict=True)
    ]
