"""Check the state of a packer as a checkpoint has it: a file may hold anything, and packing would have no end."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from commit_llm.data.examples import NoExampleReason
from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import an_object

LARGEST = 2**53  # of a count: no training comes so far


def require_counts(state: Any, names: Iterable[str]) -> None:
    """Raise UserError where a state is no object, or one of these is not a whole number from 0."""
    counts = an_object(state, "the place in the data")
    for name in names:
        if not _is_count(counts.get(name)):
            raise UserError(f"the place in the data: {name} is {shown(counts.get(name))}, not a whole number from 0")


def require_reasons(counts: Any) -> None:
    """Raise UserError where these are not numbers of records by the name of a reason."""
    if not isinstance(counts, Mapping) or not all(map(_is_count, counts.values())) or not _are_reasons(counts):
        raise UserError(f"the place in the data: no_example is {shown(counts)}, not a number for each reason")


def require_rows(state: Mapping[str, Any], names: Iterable[str], seq_len: int) -> None:
    """Raise UserError where rows under way are not made of segments of the examples so far, and no longer than a row.

    names: of the lists of rows.
    """
    for name in names:
        rows = state.get(name)
        if not isinstance(rows, list) or not all(_is_row(row, state["position"], seq_len) for row in rows):
            raise UserError(f"the place in the data: {name} is {shown(rows)}, not rows of at most {seq_len} tokens")


def _are_reasons(names: Collection[str]) -> bool:
    return all(name in NoExampleReason.__members__ for name in names)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_row(row: Any, position: int, seq_len: int) -> bool:
    """Say whether a row has segments, each an example's position before this one, its start and its stop."""
    if not isinstance(row, list) or not row:
        return False
    for segment in row:
        if not isinstance(segment, list) or len(segment) != 3 or not all(map(_is_count, segment)):
            return False
        if segment[0] >= position or segment[1] >= segment[2]:
            return False
    return sum(stop - start for _, start, stop in row) <= seq_len
