"""The original's rows: one stream of tokens, cut anywhere; rows continue one another.

tokens     a a a a a b b b | b c c c c …       row 0 | row 1
segments   1 1 1 1 1 1 1 1 | 1 1 1 1 1         attention crosses examples
"""

import numpy as np

from commit_llm.data.examples import Example, NoExample
from commit_llm.data.packing.batch import Batch, ExampleSource, State
from commit_llm.data.packing.stored_state import require_counts
from commit_llm.errors import UserError


class StreamPacker:
    """Cut a batch while the stream holds more than rows * seq_len + 1 tokens, as the original does.

    The tail that is left at the end of a pass is dropped (docs/behaviour.md, "Tokens and loss mask"). Raises UserError
    where a whole pass is too short for one batch.
    """

    def __init__(self, examples: ExampleSource, rows: int, seq_len: int) -> None:
        self.examples, self.rows, self.seq_len = examples, rows, seq_len
        self.set_state({"position": 0, "first": 0, "offset": 0, "batches_in_pass": 0})

    def __iter__(self) -> "StreamPacker":
        return self

    def __next__(self) -> Batch:
        size = self.rows * self.seq_len
        while len(self._tokens) <= size + 1:
            if self._position and self._position % self.examples.num_records == 0:
                self._end_pass()
            self._append(self._position)
            self._position += 1
        batch = self._cut(size)
        self._offset += size
        self._pass_over_used()
        self._batches_in_pass += 1
        return batch

    def get_state(self) -> State:
        """Name the examples whose tokens are in the stream, and how far the first one is used up."""
        return {
            "position": self._position,
            "first": self._first,
            "offset": self._offset,
            "batches_in_pass": self._batches_in_pass,
        }

    def set_state(self, state: State) -> None:
        """Go on from a state: make the examples of the stream again. Raises UserError where it is none."""
        require_counts(state, ("position", "first", "offset", "batches_in_pass"))
        self._position, self._first, self._offset = state["position"], state["first"], state["offset"]
        self._batches_in_pass = state["batches_in_pass"]
        if not 0 <= self._position - self._first <= self.examples.num_records:
            raise UserError(f"the place in the data: examples {self._first} to {self._position} are no part of a pass")
        self._tokens, self._mask, self._ids = np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32)
        self._lengths: list[int] = []
        for position in range(self._first, self._position):
            self._append(position)
        self._drop(self._offset)

    def count(self, examples: int) -> int:
        """Count the batches that so many examples fill, by making: call it at the first; set a state afterwards."""
        batches = 0
        while next(self) and self._position <= examples:
            batches += 1
        return batches

    def places(self, example: Example | NoExample) -> int:
        """Count the places of an example: each of its tokens takes one."""
        return 0 if isinstance(example, NoExample) else len(example.tokens)

    def batches_of(self, room: float) -> float:
        """Give the batches of an epoch that takes the room of so many: whole ones, since its tail is dropped."""
        return max(1, int(room))

    def _append(self, position: int) -> None:
        example = self.examples[position]
        if isinstance(example, NoExample):
            self._lengths.append(0)
            return
        self._tokens = np.concatenate([self._tokens, example.tokens])
        self._mask = np.concatenate([self._mask, example.loss_mask])
        ids = np.full(len(example.tokens), self.examples.index(position), np.int32)
        self._ids = np.concatenate([self._ids, ids])
        self._lengths.append(len(example.tokens))

    def _end_pass(self) -> None:
        if not self._batches_in_pass:
            raise UserError(
                f"a pass over the data gives {len(self._tokens):,} tokens, too few for one batch of "
                f"{self.rows} x {self.seq_len}; lower --batch-size or --seq-len, or give more data"
            )
        self._drop(len(self._tokens))
        self._lengths = []
        self._first, self._offset, self._batches_in_pass = self._position, 0, 0

    def _cut(self, size: int) -> Batch:
        shape = (self.rows, self.seq_len)
        batch: Batch = {
            "input_tokens": self._tokens[:size].reshape(shape),
            "target_tokens": self._tokens[1 : size + 1].reshape(shape),
            "loss_masks": self._mask[1 : size + 1].reshape(shape),
            "segment_ids": np.ones(shape, np.int32),
            "positions": np.broadcast_to(np.arange(self.seq_len, dtype=np.int32), shape).copy(),
            "example_ids": self._ids[:size].reshape(shape),
        }
        self._drop(size)
        return batch

    def _drop(self, size: int) -> None:
        self._tokens, self._mask, self._ids = self._tokens[size:], self._mask[size:], self._ids[size:]

    def _pass_over_used(self) -> None:
        while self._lengths and self._offset >= self._lengths[0]:
            self._offset -= self._lengths.pop(0)
            self._first += 1
