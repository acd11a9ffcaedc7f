"""Packing examples into rows of a fixed length, in a way that can stop anywhere and go on.

Two packers, both iterators of batches whose state is a few integers: they name the examples that are
under way, and setting a state makes those again.

`StreamPacker`, the original's: one stream of tokens, cut anywhere; rows continue one another.

    tokens     a a a a a b b b | b c c c c …       row 0 | row 1
    segments   1 1 1 1 1 1 1 1 | 1 1 1 1 1         attention crosses examples

`FirstFitPacker`: whole examples, first fit; positions restart and attention stays in a segment.

    inputs     a a a b b b b .                     . is padding
    targets    a a a b b b b .                     the next token of the same example
    segments   1 1 1 2 2 2 2 0
    positions  0 1 2 0 1 2 3 0
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np

from commit_llm.codemix.randomness import permutation
from commit_llm.data.examples import Example
from commit_llm.errors import UserError

# input_tokens, target_tokens, segment_ids, positions: int32; loss_masks: float32; each (rows, sequence).
# Beside them example_ids, int32: the row of the data set that a token comes from, -1 for padding.
Batch = dict[str, np.ndarray]
EXAMPLE_IDS = "example_ids"
State = dict[str, Any]

# Open rows that a whole example may still go into. Measured over three epochs of the two Alpaca files, mixed with
# en-el, rows of 2,048: 32 fill 98.6 and 98.9 %; 8 fill a point less, 128 half a point more.
OPEN_ROWS = 32
SHUFFLE = 0x5348_5546  # keeps the shuffle's draws apart from the mixer's


class Batches(Protocol):
    """An endless iterator of batches that can be stopped, saved and resumed (as Grain's iterators are)."""

    def __next__(self) -> Batch: ...
    def get_state(self) -> State: ...
    def set_state(self, state: State) -> None: ...


@dataclass(frozen=True)
class Examples:
    """All examples of all epochs in one endless sequence, each made when it is asked for.

    rows are those of the data set that are used. make(epoch, row) builds an example, or gives None
    where the record has nothing to train on. With a shuffle_seed each epoch has its own order; without,
    records come in file order.
    """

    rows: Sequence[int] | np.ndarray
    make: Callable[[int, int], Example | None]
    shuffle_seed: int | None = None
    _order: Callable[[int], np.ndarray] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        order = lru_cache(maxsize=2)(
            lambda epoch: permutation(self.num_records, self.shuffle_seed or 0, SHUFFLE, epoch)
        )
        object.__setattr__(self, "_order", order)

    @property
    def num_records(self) -> int:
        """Records an epoch."""
        return len(self.rows)

    def row(self, position: int) -> int:
        """The row of the data set that stands at a position of the sequence."""
        epoch, index = divmod(position, self.num_records)
        return int(self.rows[index if self.shuffle_seed is None else self._order(epoch)[index]])

    def __getitem__(self, position: int) -> Example | None:
        return self.make(position // self.num_records, self.row(position))


class Source(Protocol):
    """Examples by position, as packers read them."""

    @property
    def num_records(self) -> int: ...
    def row(self, position: int) -> int: ...
    def __getitem__(self, position: int) -> Example | None: ...


class StreamPacker:
    """The original's rows: a batch is cut while the buffer holds more than rows * seq_len + 1 tokens.

    The tail that is left at the end of a pass is dropped (docs/behaviour.md, "Tokens and
    loss mask"). Raises UserError where a whole pass is too short for one batch.
    """

    def __init__(self, examples: Source, rows: int, seq_len: int) -> None:
        self.examples, self.rows, self.seq_len = examples, rows, seq_len
        self.set_state({"position": 0, "first": 0, "offset": 0, "batches_in_pass": 0})

    def __iter__(self) -> "StreamPacker":
        return self

    def __next__(self) -> Batch:
        wanted = self.rows * self.seq_len
        while len(self._tokens) <= wanted + 1:
            if self._position and self._position % self.examples.num_records == 0:
                self._end_pass()
            self._append(self._position)
            self._position += 1
        batch = self._cut(wanted)
        self._offset += wanted
        self._drop_used()
        self._batches_in_pass += 1
        return batch

    def get_state(self) -> State:
        return {
            "position": self._position,
            "first": self._first,
            "offset": self._offset,
            "batches_in_pass": self._batches_in_pass,
        }

    def set_state(self, state: State) -> None:
        self._position, self._first, self._offset = state["position"], state["first"], state["offset"]
        self._batches_in_pass = state["batches_in_pass"]
        self._tokens, self._mask, self._ids = np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.int32)
        self._lengths: list[int] = []
        for position in range(self._first, self._position):
            self._append(position)
        self._drop(self._offset)

    def count(self, epochs: int) -> int:
        """Batches that whole epochs give, by making them: call it at the first, and set a state afterwards."""
        batches = 0
        while next(self) and self._position <= epochs * self.examples.num_records:
            batches += 1
        return batches

    def _append(self, position: int) -> None:
        example = self.examples[position]
        tokens, mask = example if example is not None else (self._tokens[:0], self._mask[:0])
        self._tokens = np.concatenate([self._tokens, tokens])
        self._mask = np.concatenate([self._mask, mask])
        self._ids = np.concatenate([self._ids, np.full(len(tokens), self.examples.row(position), np.int32)])
        self._lengths.append(len(tokens))

    def _end_pass(self) -> None:
        if not self._batches_in_pass:
            raise UserError(
                f"a pass over the data gives {len(self._tokens):,} tokens, too few for one batch of "
                f"{self.rows} x {self.seq_len}; lower --batch-size or --seq-len, or give more data"
            )
        self._drop(len(self._tokens))
        self._lengths = []
        self._first, self._offset, self._batches_in_pass = self._position, 0, 0

    def _cut(self, wanted: int) -> Batch:
        shape = (self.rows, self.seq_len)
        batch = {
            "input_tokens": self._tokens[:wanted].reshape(shape),
            "target_tokens": self._tokens[1 : wanted + 1].reshape(shape),
            "loss_masks": self._mask[1 : wanted + 1].reshape(shape),
            "segment_ids": np.ones(shape, np.int32),
            "positions": np.broadcast_to(np.arange(self.seq_len, dtype=np.int32), shape).copy(),
            EXAMPLE_IDS: self._ids[:wanted].reshape(shape),
        }
        self._drop(wanted)
        return batch

    def _drop(self, count: int) -> None:
        self._tokens, self._mask, self._ids = self._tokens[count:], self._mask[count:], self._ids[count:]

    def _drop_used(self) -> None:
        while self._lengths and self._offset >= self._lengths[0]:
            self._offset -= self._lengths.pop(0)
            self._first += 1


class Piece(NamedTuple):
    """Inputs start to stop (excluded) of the example at a position; its targets are one token later."""

    position: int
    start: int
    stop: int


@dataclass(eq=False)  # a row is itself alone, so that taking it off a list compares no pieces
class Row:
    """A row while it is filled: its pieces, and how many of its places they take."""

    pieces: list[Piece] = field(default_factory=list)
    used: int = 0

    def add(self, piece: Piece) -> None:
        """Append a piece."""
        self.pieces.append(piece)
        self.used += piece.stop - piece.start


class FirstFitPacker:
    """Rows of whole examples: each goes into the first open row with room for it.

    Where none has room and OPEN_ROWS are open, or a row stands open from an epoch before, the fullest (of
    those) is closed: the last rows of an epoch are filled from the next, and wait no longer. An example of n tokens
    takes n - 1 places. cut_freely cuts documents wherever a row ends (plain text), and loses no
    target by it; split_long does so only for examples longer than a row, which otherwise are left
    out and counted in the first epoch: `left_out`, and in `longest` the row length that would have kept them.

    Raises UserError where all examples of an epoch are longer than a row.
    """

    def __init__(
        self, examples: Source, rows: int, seq_len: int, *, cut_freely: bool = False, split_long: bool = False
    ) -> None:
        self.examples, self.rows, self.seq_len = examples, rows, seq_len
        self._open: list[Row] = []
        self._closed: list[Row] = []
        self.cut_freely, self.split_long = cut_freely, split_long
        self.set_state({"position": 0, "left_out": 0, "longest": 0, "open": [], "closed": []})

    def __iter__(self) -> "FirstFitPacker":
        return self

    def __next__(self) -> Batch:
        unplaced = 0
        while len(self._closed) < self.rows:
            placed = self._place(self._position)
            self._position += 1
            unplaced = 0 if placed else unplaced + 1
            if unplaced == self.examples.num_records:
                raise UserError(self._nothing_fits())
        batch_rows, self._closed = self._closed[: self.rows], self._closed[self.rows :]
        batch = self._batch(batch_rows)
        self._forget()
        return batch

    def get_state(self) -> State:
        return {
            "position": self._position,
            "left_out": self.left_out,
            "longest": self.longest,
            "open": [[list(piece) for piece in row.pieces] for row in self._open],
            "closed": [[list(piece) for piece in row.pieces] for row in self._closed],
        }

    def set_state(self, state: State) -> None:
        self._position, self.left_out, self.longest = state["position"], state["left_out"], state["longest"]
        self._open = [_filled(row) for row in state["open"]]
        self._closed = [_filled(row) for row in state["closed"]]
        self._made: dict[int, Example] = {}
        for piece in (piece for row in self._open + self._closed for piece in row.pieces):
            self._made[piece.position] = _made(self.examples[piece.position])

    def count(self, epochs: int) -> int:
        """Batches that hold all of these epochs, by packing them: call it at the first, and set a state afterwards."""
        rows = 0
        for position in range(epochs * self.examples.num_records):
            self._place(position)
            self._made.clear()
            rows += len(self._closed)
            self._closed.clear()
        return -(-(rows + len(self._open)) // self.rows)

    def one_pass(self) -> Iterator[Batch]:
        """Batches of exactly one epoch; the last is filled up with empty rows. Call it at the first."""
        for position in range(self.examples.num_records):
            self._place(position)
        rows = self._closed + self._open
        rows += [Row() for _ in range(-len(rows) % self.rows)]
        for start in range(0, len(rows), self.rows):
            yield self._batch(rows[start : start + self.rows])

    def _place(self, position: int) -> bool:
        example = self.examples[position]
        places = 0 if example is None else len(example.tokens) - 1
        if example is None or places < 1:
            return False
        if places > self.seq_len and not (self.cut_freely or self.split_long):
            if position < self.examples.num_records:  # each example is counted once, in the first epoch
                self.left_out += 1
            self.longest = max(self.longest, places)
            return False
        self._made[position] = example
        start = 0
        while start < places:
            row = self._row_for(min(places - start, self.seq_len), self._epoch(position))
            stop = min(places, start + self.seq_len - row.used)
            row.add(Piece(position, start, stop))
            start = stop
            if row.used == self.seq_len:
                self._open.remove(row)
                self._closed.append(row)
        return True

    def _epoch(self, position: int) -> int:
        return position // self.examples.num_records

    def _row_for(self, places: int, epoch: int) -> Row:
        """The first open row with that many places free (any at all where text is cut freely)."""
        needed, limit = (1, 1) if self.cut_freely else (places, OPEN_ROWS)
        for row in self._open:
            if row.used + needed <= self.seq_len:
                return row
        waiting = [row for row in self._open if self._epoch(row.pieces[0].position) < epoch]
        if waiting or len(self._open) == limit:
            fullest = max(waiting or self._open, key=lambda row: row.used)
            self._open.remove(fullest)
            self._closed.append(fullest)
        self._open.append(Row())
        return self._open[-1]

    def _batch(self, rows: list[Row]) -> Batch:
        built = [self._row(row.pieces) for row in rows]
        return {key: np.stack([row[key] for row in built]) for key in built[0]}

    def _row(self, pieces: list[Piece]) -> Batch:
        row: Batch = {
            name: np.zeros(self.seq_len, np.float32 if name == "loss_masks" else np.int32)
            for name in ("input_tokens", "target_tokens", "loss_masks", "segment_ids", "positions")
        }
        row[EXAMPLE_IDS] = np.full(self.seq_len, -1, np.int32)
        filled = 0
        for segment, (position, start, stop) in enumerate(pieces, 1):
            tokens, mask = self._made[position]
            here = slice(filled, filled + stop - start)
            row["input_tokens"][here] = tokens[start:stop]
            row["target_tokens"][here] = tokens[start + 1 : stop + 1]
            row["loss_masks"][here] = mask[start + 1 : stop + 1]
            row["segment_ids"][here] = segment
            row["positions"][here] = np.arange(stop - start)
            row[EXAMPLE_IDS][here] = self.examples.row(position)
            filled = here.stop
        return row

    def _forget(self) -> None:
        needed = {piece.position for row in self._open + self._closed for piece in row.pieces}
        self._made = {position: example for position, example in self._made.items() if position in needed}

    def _nothing_fits(self) -> str:
        if not self.left_out:
            return "no record holds any text to train on"
        return (
            f"every example of an epoch is longer than a row of {self.seq_len} tokens; "
            f"--seq-len {self.longest} keeps them all, --split-long cuts them"
        )


def _filled(pieces: list[list[int]]) -> Row:
    row = Row()
    for piece in pieces:
        row.add(Piece(*piece))
    return row


def _made(example: Example | None) -> Example:
    if example is None:
        raise UserError("the data has changed since this state was saved; start again with a new --out")
    return example
