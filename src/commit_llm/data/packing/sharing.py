"""Examples that several processes make together: each makes its share, and all of them get all, in the same order.

    positions of the data      0 1 2 3 4 5 6 7 | 8 9 ...        a block of 4 shares of 2 processes
    made by process            0 1 0 1 0 1 0 1 | 0 1

The dear part, reading, mixing and tokenising, is done once among them. Packing is done by each process alike, so that
its rows, and its state, are the same as those of a process alone.
"""

import json
import zlib
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason
from commit_llm.data.packing.batch import ExampleSource
from commit_llm.errors import UserError

SHARE = 32  # examples that a process makes for a block
EXAMPLES, MISTAKE = b"+", b"!"  # what a process sends: its share, or the message of a user's mistake
REASONS = tuple(NoExampleReason)


class SharedExamples:
    """Give examples made by several processes, to a reader that goes through them in order.

    exchange gives the bytes of every process for those of this one. An example that is asked for out of order is made
    here. A user's mistake in any share is raised in all processes, at the same block.
    """

    def __init__(
        self,
        examples: ExampleSource,
        process: int,
        count: int,
        exchange: Callable[[bytes], list[bytes]],
        share: int = SHARE,
    ) -> None:
        self.examples, self.process, self.count, self.exchange, self.share = examples, process, count, exchange, share
        self._start: int | None = None
        self._block: list[Example | NoExample] = []

    @property
    def num_records(self) -> int:
        """Count the records of an epoch."""
        return self.examples.num_records

    @property
    def first_source_epoch(self) -> int:
        """Count the examples until the first source has had one whole pass."""
        return self.examples.first_source_epoch

    def index(self, position: int) -> int:
        """Give the index of the record at a position of the sequence."""
        return self.examples.index(position)

    def __getitem__(self, position: int) -> Example | NoExample:
        if self._start is None or position == self._start + len(self._block):
            self._start, self._block = position, self._make_together(position)
        place = position - self._start
        return self._block[place] if 0 <= place < len(self._block) else self.examples[position]

    def _make_together(self, start: int) -> list[Example | NoExample]:
        positions = range(start + self.process, start + self.share * self.count, self.count)
        try:
            message = EXAMPLES + pack([self.examples[position] for position in positions])
        except UserError as error:
            message = MISTAKE + error.for_command().encode("utf-8", "surrogatepass")
        messages = self.exchange(message)
        for message in messages:
            if message.startswith(MISTAKE):
                raise UserError(message.removeprefix(MISTAKE).decode("utf-8", "surrogatepass"))
        shares = [unpack(message.removeprefix(EXAMPLES)) for message in messages]
        return [shares[place % self.count][place // self.count] for place in range(self.share * self.count)]


def pack(examples: Sequence[Example | NoExample]) -> bytes:
    """Write examples, compressed: a line of JSON with the words of those that are none, and int32 numbers.

    The numbers are how many there are, three of each, all tokens, all masks. The three are length, cut and answers
    that are not trained. Where there is no example its length is -1 - the place of the reason among the REASONS.
    """
    words = json.dumps([each.words for each in examples if isinstance(each, NoExample)]).encode("ascii")
    numbers = [
        (-1 - REASONS.index(each.reason), 0, 0)
        if isinstance(each, NoExample)
        else (len(each.tokens), each.cut, each.untrained)
        for each in examples
    ]
    present = [each for each in examples if isinstance(each, Example)]
    parts = [np.array([len(examples), *chain.from_iterable(numbers)], np.int32)]
    parts += [each.tokens for each in present] + [each.loss_mask.view(np.int32) for each in present]
    return zlib.compress(words + b"\n" + np.concatenate(parts).tobytes(), 1)


def unpack(packed: bytes) -> list[Example | NoExample]:
    """Read what `pack` has written."""
    line, _, rest = zlib.decompress(packed).partition(b"\n")
    words, numbers = iter(json.loads(line)), np.frombuffer(rest, np.int32)
    count = numbers[0]
    lengths, cuts, untrained = numbers[1 : 3 * count + 1].reshape(count, 3).T
    arrays = numbers[3 * count + 1 :]
    ends = np.cumsum(np.maximum(lengths, 0))
    tokens, loss_mask = arrays[: len(arrays) // 2], arrays[len(arrays) // 2 :].view(np.float32)
    return [
        NoExample(REASONS[-1 - length], next(words))
        if length < 0
        else Example(tokens[end - length : end], loss_mask[end - length : end], Cut(cut), int(answers))
        for length, end, cut, answers in zip(lengths, ends, cuts, untrained, strict=True)
    ]
