"""Rows of whole examples, first fit; positions restart and attention stays in a segment.

inputs     a a a b b b b .                     . is padding
targets    a a a b b b b .                     the next token of the same example
segments   1 1 1 2 2 2 2 0
positions  0 1 2 0 1 2 3 0
"""

from collections import Counter
from collections.abc import Iterator

from commit_llm.data.examples import Example, NoExample, NoExampleReason
from commit_llm.data.packing.batch import Batch, ExampleSource, State
from commit_llm.data.packing.row_fit import RowFit, places_of, row_fit
from commit_llm.data.packing.rows import Row, Segment, batch_of, row_of
from commit_llm.data.packing.stored_state import require_counts, require_reasons, require_rows
from commit_llm.errors import UserError

# Open rows that a whole example may still go into. Measured over three epochs of the two Alpaca files, mixed with
# en-el, rows of 2,048: 32 fill 98.6 and 98.9 %; 8 fill a point less, 128 half a point more.
OPEN_ROWS = 32


class FirstFitPacker:
    """Put each example into the first open row with room for it.

    Where none has room and OPEN_ROWS are open, or a row stands open from an epoch before, the fullest (of those) is
    closed. So the last rows of an epoch are filled from the next, and wait no longer. How an example may be cut is its
    own affair (row_fit.py). A cut loses no target. Those that are left out are counted in the first epoch.

    left_out: examples of the first epoch that were longer than a row.
    longest: the row length that would have kept them.
    no_example: records of the first epoch that gave no example, by the name of the reason.
    untrained: answers of the first epoch's conversations that are not trained.

    Raises UserError where no example of an epoch can be placed.
    """

    def __init__(self, examples: ExampleSource, rows: int, seq_len: int) -> None:
        self.examples, self.rows, self.seq_len = examples, rows, seq_len
        self._first_words: dict[NoExampleReason, str] = {}
        self._open: list[Row] = []
        self._closed: list[Row] = []
        self.no_example: Counter[str] = Counter()
        self.set_state({"position": 0, "left_out": 0, "longest": 0, "open": [], "closed": []})

    def __iter__(self) -> "FirstFitPacker":
        return self

    def __next__(self) -> Batch:
        unplaced = 0
        while len(self._closed) < self.rows:
            is_placed = self._place(self._position)
            self._position += 1
            unplaced = 0 if is_placed else unplaced + 1
            if unplaced == self.examples.num_records:
                raise UserError(self._nothing_fits())
        rows, self._closed = self._closed[: self.rows], self._closed[self.rows :]
        batch = self._batch(rows)
        self._forget_used()
        return batch

    def get_state(self) -> State:
        """Name the segments of the rows under way."""
        return {
            "position": self._position,
            "left_out": self.left_out,
            "longest": self.longest,
            "no_example": dict(self.no_example),
            "untrained": self.untrained,
            "open": [[list(segment) for segment in row.segments] for row in self._open],
            "closed": [[list(segment) for segment in row.segments] for row in self._closed],
        }

    def set_state(self, state: State) -> None:
        """Go on from a state: make the examples of the rows under way again. Raises UserError where it is none."""
        require_counts(state, ("position", "left_out", "longest"))
        require_rows(state, ("open", "closed"), self.seq_len)
        self._position, self.left_out, self.longest = state["position"], state["left_out"], state["longest"]
        # A state of an older version counts neither.
        earlier: State = {"no_example": {}, "untrained": 0} | state
        require_reasons(earlier["no_example"])
        require_counts(earlier, ("untrained",))
        self.no_example, self.untrained = Counter(earlier["no_example"]), earlier["untrained"]
        self._open = [row_of(row) for row in state["open"]]
        self._closed = [row_of(row) for row in state["closed"]]
        self._placed: dict[int, Example] = {}
        for segment in self._segments():
            example = self.examples[segment.position]
            if isinstance(example, NoExample) or segment.stop > places_of(example):
                raise UserError("the data has changed since then")
            self._placed[segment.position] = example

    def count(self, examples: int) -> int:
        """Count the batches that hold so many examples, by packing: call it at the first; set a state afterwards."""
        rows = 0
        for position in range(examples):
            self._place(position)
            self._placed.clear()
            rows += len(self._closed)
            self._closed.clear()
        return -(-(rows + len(self._open)) // self.rows)

    def places(self, example: Example | NoExample) -> int:
        """Count the places of an example."""
        return places_of(example)

    def batches_of(self, room: float) -> float:
        """Give the batches of an epoch that takes the room of so many: just these, since the next one goes on."""
        return room

    def one_pass(self) -> Iterator[Batch]:
        """Give the batches of exactly one epoch; the last is filled up with empty rows. Call it at the first."""
        for position in range(self.examples.num_records):
            self._place(position)
        rows = self._closed + self._open
        rows += [Row() for _ in range(-len(rows) % self.rows)]
        for start in range(0, len(rows), self.rows):
            yield self._batch(rows[start : start + self.rows])

    def _place(self, position: int) -> bool:
        """Place an example, and say whether it takes a place."""
        example = self.examples[position]
        is_first = position < self.examples.num_records  # each example is counted once, in the first epoch
        if isinstance(example, NoExample):
            self.no_example[example.reason.name] += is_first
            self._first_words.setdefault(example.reason, example.words)
            return False
        self.untrained += is_first and example.untrained
        fit, places = row_fit(example, self.seq_len), places_of(example)
        if fit is RowFit.LEFT_OUT:
            self.left_out += is_first
            self.longest = max(self.longest, places)
        if fit in (RowFit.NONE, RowFit.LEFT_OUT):
            return False
        self._placed[position] = example
        start = 0
        while start < places:
            least = 1 if fit is RowFit.FREE else min(places - start, self.seq_len)
            row = self._row_for(least, self._epoch(position))
            stop = min(places, start + self.seq_len - row.used)
            row.add(Segment(position, start, stop))
            start = stop
            if row.used == self.seq_len:
                self._open.remove(row)
                self._closed.append(row)
        return True

    def _epoch(self, position: int) -> int:
        return position // self.examples.num_records

    def _row_for(self, places: int, epoch: int) -> Row:
        """Find the first open row with that many places free, or open one."""
        for row in self._open:
            if row.used + places <= self.seq_len:
                return row
        waiting = [row for row in self._open if self._epoch(row.segments[0].position) < epoch]
        if waiting or len(self._open) == OPEN_ROWS:
            fullest = max(waiting or self._open, key=lambda row: row.used)
            self._open.remove(fullest)
            self._closed.append(fullest)
        self._open.append(Row())
        return self._open[-1]

    def _batch(self, rows: list[Row]) -> Batch:
        return batch_of(rows, self.seq_len, self._placed, self.examples.index)

    def _segments(self) -> Iterator[Segment]:
        """Give the segments of the rows under way."""
        for row in self._open + self._closed:
            yield from row.segments

    def _forget_used(self) -> None:
        waiting = {segment.position for segment in self._segments()}
        self._placed = {position: example for position, example in self._placed.items() if position in waiting}

    def _nothing_fits(self) -> str:
        if not self.left_out:
            ((name, _),) = self.no_example.most_common(1) or [(NoExampleReason.BLANK.name, 0)]
            reason = NoExampleReason[name]
            words = self._first_words.get(reason)
            return f"no record {reason.no_record}" + (f": {words}" if words else "")
        return (
            f"every example of an epoch is longer than a row of {self.seq_len} tokens; "
            f"--seq-len {self.longest} keeps them all, --split-long cuts them"
        )
