"""How many places an example takes, and whether rows hold it whole, cut it, or leave it out."""

from enum import Enum

from commit_llm.data.examples import Cut, Example, NoExample


class Placement(Enum):
    """Say how an example goes into rows of whole examples."""

    NONE = "it has no target, and takes no place"
    WHOLE = "it stands in one row"
    FREE = "it is cut wherever a row ends"
    SPLIT = "it is longer than a row, and is cut"
    LEFT_OUT = "it is longer than a row, and is left out"

    @property
    def is_long(self) -> bool:
        """Whether a longer row would have kept the example whole."""
        return self in (Placement.SPLIT, Placement.LEFT_OUT)


def places_of(example: Example | NoExample) -> int:
    """Count the places that an example takes: an example of n tokens takes n - 1, for its last one is only a target."""
    return 0 if isinstance(example, NoExample) else max(0, len(example.tokens) - 1)


def placement(example: Example | NoExample, seq_len: int) -> Placement:
    """Decide how an example goes into rows of seq_len places.

    >>> import numpy as np
    >>> long = Example(np.zeros(9, np.int32), np.zeros(9, np.float32))
    >>> placement(long, 8), placement(long, 7), placement(long._replace(cut=Cut.IF_LONG), 7)
    (<Placement.WHOLE: 'it stands in one row'>, <Placement.LEFT_OUT: 'it is longer than a row, and is left out'>, \
<Placement.SPLIT: 'it is longer than a row, and is cut'>)
    """
    places = places_of(example)
    if isinstance(example, NoExample) or not places:
        return Placement.NONE
    if example.cut is Cut.ANYWHERE:
        return Placement.FREE
    if places <= seq_len:
        return Placement.WHOLE
    return Placement.SPLIT if example.cut is Cut.IF_LONG else Placement.LEFT_OUT
