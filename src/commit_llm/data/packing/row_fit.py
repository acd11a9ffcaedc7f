"""How many places an example takes, and whether rows hold it whole, cut it, or leave it out."""

from enum import Enum

from commit_llm.data.examples import Cut, Example, NoExample


class RowFit(Enum):
    """Say how an example goes into rows of whole examples."""

    NONE = "it has no target, and takes no place"
    WHOLE = "it stands in one row"
    FREE = "it is cut wherever a row ends"
    SPLIT = "it is longer than a row, and is cut"
    LEFT_OUT = "it is longer than a row, and is left out"

    @property
    def is_long(self) -> bool:
        """Say whether a longer row would keep the example whole."""
        return self in (RowFit.SPLIT, RowFit.LEFT_OUT)


def places_of(example: Example | NoExample) -> int:
    """Count the places that an example takes: an example of n tokens takes n - 1, for its last one is only a target."""
    return 0 if isinstance(example, NoExample) else max(0, len(example.tokens) - 1)


def row_fit(example: Example | NoExample, seq_len: int) -> RowFit:
    """Decide how an example goes into rows of seq_len places.

    >>> import numpy as np
    >>> long = Example(np.zeros(9, np.int32), np.zeros(9, np.float32))
    >>> [fit.name for fit in (row_fit(long, 8), row_fit(long, 7), row_fit(long._replace(cut=Cut.IF_LONG), 7))]
    ['WHOLE', 'LEFT_OUT', 'SPLIT']
    """
    places = places_of(example)
    if isinstance(example, NoExample) or not places:
        return RowFit.NONE
    if example.cut is Cut.ANYWHERE:
        return RowFit.FREE
    if places <= seq_len:
        return RowFit.WHOLE
    return RowFit.SPLIT if example.cut is Cut.IF_LONG else RowFit.LEFT_OUT
