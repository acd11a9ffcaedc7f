"""What both packers do: stop anywhere and go on, count an epoch, say where every token comes from."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.data.examples import Cut
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.data.packing.stream_packer import StreamPacker
from tests.data.packing.numbered_examples import numbered


def packers(lengths):
    yield StreamPacker(numbered(lengths), rows=2, seq_len=7)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3), rows=2, seq_len=32)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3, cut=Cut.ANYWHERE), rows=2, seq_len=9)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3, cut=Cut.IF_LONG), rows=2, seq_len=9)


@settings(deadline=None)
@given(st.lists(st.integers(2, 30), min_size=8, max_size=30), st.integers(0, 9))
def test_state_resumes_exactly(lengths, stop):
    lengths = [*lengths, 30]  # a pass of the stream packer must fill a batch
    for running, resumed in zip(packers(lengths), packers(lengths), strict=True):
        for _ in range(stop):
            next(running)
        resumed.set_state(json.loads(json.dumps(running.get_state())))
        for _ in range(12):
            one, other = next(running), next(resumed)
            assert all((one[key] == other[key]).all() for key in one)
        assert running.get_state() == resumed.get_state()


def test_steps_of_an_epoch():
    assert StreamPacker(numbered([9, 9, 9]), rows=2, seq_len=4).count(6) == 6
    assert FirstFitPacker(numbered([9, 9, 9]), rows=1, seq_len=8).count(6) == 6


def test_example_ids_name_the_row_of_every_token():
    for packer in packers([9, 12, 7, 30, 5]):
        batch = next(packer)
        np.testing.assert_array_equal(batch["example_ids"] >= 0, batch["segment_ids"] > 0)
        here = batch["segment_ids"] > 0
        np.testing.assert_array_equal(batch["example_ids"][here], batch["input_tokens"][here] // 100 - 1)


def test_places_and_batches_of_an_epoch():
    """The original's rows hold every token, and its last batch of a pass is dropped."""
    stream, first_fit = StreamPacker(numbered([9]), 1, 4), FirstFitPacker(numbered([9]), 1, 8)
    example = numbered([9])[0]
    assert (stream.places(example), first_fit.places(example)) == (9, 8)
    assert (stream.batches_of(0.4), stream.batches_of(2.9), first_fit.batches_of(2.9)) == (1, 2, 2.9)


def test_what_has_been_given_is_forgotten():
    """A packer keeps the examples of the rows under way, and no others: memory does not grow with the data."""
    stream, first_fit, *_ = packers([5, 3, 9, 7, 2, 8] * 50)
    for _ in range(60):
        next(stream)
        next(first_fit)
        state = first_fit.get_state()
        waiting = {position for row in state["open"] + state["closed"] for position, _, _ in row}
        assert set(first_fit._placed) == waiting
        assert sum(stream._lengths) <= len(stream._tokens) + max(stream._lengths, default=0)
    assert len(first_fit._placed) < 40
    assert len(stream._tokens) <= 2 * 7 + 1 + 9
