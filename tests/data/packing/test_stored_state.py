"""A state that a file holds is refused in one line where no packer can go on from it."""

import numpy as np
import pytest

from commit_llm.data.examples import Example
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.stream_packer import StreamPacker
from commit_llm.errors import UserError

SEQ_LEN = 8


class Examples:
    """Five examples of four tokens."""

    num_records = first_source_epoch = 5

    def index(self, position):
        return position % 5

    def __getitem__(self, position):
        return Example(np.arange(4, dtype=np.int32), np.ones(4, np.float32))


def state_of(packer):
    next(packer)
    return packer.get_state()


@pytest.mark.parametrize("kind", [FirstFitPacker, StreamPacker])
def test_its_own_state_is_taken(kind):
    state = state_of(kind(Examples(), 1, SEQ_LEN))
    again = kind(Examples(), 1, SEQ_LEN)
    again.set_state(state)
    assert again.get_state() == state


@pytest.mark.parametrize("changes", [
    {"position": -1}, {"position": 2**53}, {"position": 1.0}, {"position": True}, {"longest": None},
    {"left_out": "a"}, {"untrained": []}, {"no_example": {"NO_SUCH_REASON": 1}}, {"no_example": {"BLANK": "a"}},
    {"open": None}, {"open": [[]]}, {"open": [[[0, 0]]]}, {"open": [[[0, 2, 2]]]}, {"open": [[[0, 0, 9]]]},
    {"closed": [[[9, 0, 1]]]}, {"closed": [[["a", 0, 1]]]}, {"closed": [[[0, -2, 1]]]}, {"open": [[[0, 0, 8]]]},
])  # fmt: skip
def test_no_other_is_taken_by_the_packer_of_whole_examples(changes):
    packer = FirstFitPacker(Examples(), 1, SEQ_LEN)
    state = state_of(packer)
    with pytest.raises(UserError, match=r"the place in the data: |the data has changed since then"):
        packer.set_state(state | changes)


@pytest.mark.parametrize("changes", [{"first": -1}, {"first": 9}, {"position": 2**50}, {"offset": "a"},
                                     {"batches_in_pass": None}])  # fmt: skip
def test_no_other_is_taken_by_the_packer_of_a_stream(changes):
    packer = StreamPacker(Examples(), 1, SEQ_LEN)
    state = state_of(packer)
    with pytest.raises(UserError, match="the place in the data: "):
        packer.set_state(state | changes)


def test_a_state_is_an_object():
    for packer in (FirstFitPacker(Examples(), 1, SEQ_LEN), StreamPacker(Examples(), 1, SEQ_LEN)):
        with pytest.raises(UserError, match=r"the place in the data: holds \[\], not an object"):
            packer.set_state([])
