"""Rows while they are filled: the segments that stand in them, and the arrays that they become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from commit_llm.data.examples import Example
from commit_llm.data.packing.batch import Batch, empty_batch


class Segment(NamedTuple):
    """Hold the inputs from start to stop (excluded) of the example at a position; targets are one token later."""

    position: int
    start: int
    stop: int


@dataclass(eq=False)  # a row is itself alone, so that taking it off a list compares no segments
class Row:
    """Hold the segments of a row, and how many of its places they take."""

    segments: list[Segment] = field(default_factory=list)
    used: int = 0

    def add(self, segment: Segment) -> None:
        """Append a segment."""
        self.segments.append(segment)
        self.used += segment.stop - segment.start


def row_of(segments: Sequence[Sequence[int]]) -> Row:
    """Make a row again of the segments that a state holds."""
    row = Row()
    for segment in segments:
        row.add(Segment(*segment))
    return row


def batch_of(rows: Sequence[Row], seq_len: int, examples: Mapping[int, Example], index: Callable[[int], int]) -> Batch:
    """Fill the arrays of a batch.

    examples: by position. index: gives the index of the record at a position.
    """
    batch = empty_batch(len(rows), seq_len)
    for number, row in enumerate(rows):
        end = 0
        for segment_id, (position, start, stop) in enumerate(row.segments, 1):
            tokens, loss_mask, *_ = examples[position]
            here = (number, slice(end, end + stop - start))
            batch["input_tokens"][here] = tokens[start:stop]
            batch["target_tokens"][here] = tokens[start + 1 : stop + 1]
            batch["loss_masks"][here] = loss_mask[start + 1 : stop + 1]
            batch["segment_ids"][here] = segment_id
            batch["positions"][here] = np.arange(stop - start)
            batch["example_ids"][here] = index(position)
            end += stop - start
    return batch
