"""How an example goes into rows."""

import numpy as np
import pytest

from commit_llm.data.examples import Cut, Example, NoExample
from commit_llm.data.packing.placement import Placement, placement, places_of


@pytest.mark.parametrize(
    ("length", "cut", "expected"),
    [
        (0, Cut.ANYWHERE, Placement.NONE),
        (1, Cut.NOWHERE, Placement.NONE),
        (2, Cut.NOWHERE, Placement.WHOLE),
        (9, Cut.NOWHERE, Placement.WHOLE),
        (9, Cut.IF_LONG, Placement.WHOLE),
        (10, Cut.NOWHERE, Placement.LEFT_OUT),
        (10, Cut.IF_LONG, Placement.SPLIT),
        (2, Cut.ANYWHERE, Placement.FREE),
        (10, Cut.ANYWHERE, Placement.FREE),
    ],
)
def test_rows_of_eight_places(length, cut, expected):
    example = Example(np.zeros(length, np.int32), np.zeros(length, np.float32), cut)
    assert placement(example, 8) is expected
    assert places_of(example) == max(0, length - 1)
    assert expected.is_long == (expected in (Placement.SPLIT, Placement.LEFT_OUT))


def test_what_is_no_example_takes_no_place():
    assert placement(NoExample.BLANK, 8) is Placement.NONE
    assert places_of(NoExample.BLANK) == 0
