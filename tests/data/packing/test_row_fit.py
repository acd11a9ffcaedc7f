"""How an example goes into rows."""

import numpy as np
import pytest

from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason
from commit_llm.data.packing.row_fit import RowFit, places_of, row_fit


@pytest.mark.parametrize(
    ("length", "cut", "expected"),
    [
        (0, Cut.ANYWHERE, RowFit.NONE),
        (1, Cut.NOWHERE, RowFit.NONE),
        (2, Cut.NOWHERE, RowFit.WHOLE),
        (9, Cut.NOWHERE, RowFit.WHOLE),
        (9, Cut.IF_LONG, RowFit.WHOLE),
        (10, Cut.NOWHERE, RowFit.LEFT_OUT),
        (10, Cut.IF_LONG, RowFit.SPLIT),
        (2, Cut.ANYWHERE, RowFit.FREE),
        (10, Cut.ANYWHERE, RowFit.FREE),
    ],
)
def test_rows_of_eight_places(length, cut, expected):
    example = Example(np.zeros(length, np.int32), np.zeros(length, np.float32), cut)
    assert row_fit(example, 8) is expected
    assert places_of(example) == max(0, length - 1)
    assert expected.is_long == (expected in (RowFit.SPLIT, RowFit.LEFT_OUT))


def test_what_is_no_example_takes_no_place():
    assert row_fit(NoExample(NoExampleReason.BLANK), 8) is RowFit.NONE
    assert places_of(NoExample(NoExampleReason.BLANK)) == 0
