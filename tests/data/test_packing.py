"""Both packers: what they keep, what they cut, and that they can stop anywhere and go on."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.data.examples import Example
from commit_llm.data.packing import Examples, FirstFitPacker, StreamPacker
from commit_llm.errors import UserError

LENGTHS = st.lists(st.integers(2, 30), min_size=4, max_size=40)


def numbered(lengths, shuffle_seed=None):
    """Examples whose tokens tell example and place: 100 * (row + 1) + place; the last is supervised."""

    def make(epoch, row):
        tokens = 100 * (row + 1) + np.arange(lengths[row], dtype=np.int32)
        mask = np.zeros(lengths[row], np.float32)
        mask[1:] = 1
        return Example(tokens, mask)

    return Examples(range(len(lengths)), make, shuffle_seed)


def segments(batches):
    """(inputs, targets, masks, positions) of every segment of the batches, in order."""
    for batch in batches:
        for row in range(len(batch["input_tokens"])):
            ids = batch["segment_ids"][row]
            for segment in range(1, ids.max() + 1):
                here = ids == segment
                yield tuple(
                    batch[key][row][here] for key in ("input_tokens", "target_tokens", "loss_masks", "positions")
                )


def targets_seen(batches):
    return [int(target) for _, targets, masks, _ in segments(batches) for target in targets[masks > 0]]


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 5), st.integers(1, 30))
def test_whole_examples_lose_nothing_and_stay_in_their_segment(lengths, seed, num_batches):
    examples = numbered(lengths, seed)
    packer = FirstFitPacker(examples, rows=2, seq_len=32)
    batches = [next(packer) for _ in range(num_batches)]
    given_out = []
    for inputs, targets, masks, positions in segments(batches):
        assert inputs[1:].tolist() == targets[:-1].tolist()
        assert positions.tolist() == list(range(len(inputs)))
        assert masks.all()
        given_out.append((*inputs.tolist(), int(targets[-1])))
    state = packer.get_state()
    waiting = [tuple(examples[piece[0]].tokens.tolist()) for row in state["open"] + state["closed"] for piece in row]
    drawn = [tuple(examples[position].tokens.tolist()) for position in range(state["position"])]
    assert sorted(given_out + waiting) == sorted(drawn)


@settings(deadline=None)
@given(LENGTHS, st.integers(3, 40))
def test_plain_text_fills_every_row_and_loses_no_target(lengths, seq_len):
    packer = FirstFitPacker(numbered(lengths), rows=1, seq_len=seq_len, cut_freely=True)
    places = sum(length - 1 for length in lengths)
    batches = [next(packer) for _ in range(-(-places // seq_len))]
    assert all((batch["segment_ids"] > 0).all() for batch in batches)
    seen = targets_seen(batches)
    in_order = [int(target) for row in range(len(lengths)) for target in numbered(lengths)[row].tokens[1:]]
    assert seen[:places] == in_order


def test_a_row_drawn():
    packer = FirstFitPacker(numbered([4, 3, 5, 2]), rows=1, seq_len=6)
    batch = next(packer)
    assert batch["input_tokens"].tolist() == [[100, 101, 102, 200, 201, 400]]
    assert batch["target_tokens"].tolist() == [[101, 102, 103, 201, 202, 401]]
    assert batch["segment_ids"].tolist() == [[1, 1, 1, 2, 2, 3]]
    assert batch["positions"].tolist() == [[0, 1, 2, 0, 1, 0]]


def test_examples_longer_than_a_row():
    lengths = [20, 3, 12, 4]
    packer = FirstFitPacker(numbered(lengths), rows=1, seq_len=10)
    first = [next(packer) for _ in range(20)]
    assert packer.left_out >= 2
    assert packer.longest == 19
    assert not {t // 100 for t in targets_seen(first)} & {1, 3}
    split = FirstFitPacker(numbered(lengths), rows=1, seq_len=10, split_long=True)
    batches = [next(split) for _ in range(6)]
    assert split.left_out == 0
    assert set(range(101, 120)) <= set(targets_seen(batches))


def test_nothing_fits():
    with pytest.raises(UserError, match=r"longer than a row of 10 tokens; --seq-len 29 keeps them all"):
        next(FirstFitPacker(numbered([20, 30]), rows=1, seq_len=10))
    empty = Examples(range(3), lambda epoch, row: None)
    with pytest.raises(UserError, match="no record holds any text"):
        next(FirstFitPacker(empty, rows=1, seq_len=10))


def packers(lengths):
    yield StreamPacker(numbered(lengths), rows=2, seq_len=7)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3), rows=2, seq_len=32)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3), rows=2, seq_len=9, cut_freely=True)
    yield FirstFitPacker(numbered(lengths, shuffle_seed=3), rows=2, seq_len=9, split_long=True)


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


def test_every_epoch_is_shuffled_anew_and_whole():
    examples = numbered([3] * 50, shuffle_seed=1)
    orders = [[int(examples[epoch * 50 + i].tokens[0]) for i in range(50)] for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_steps_of_an_epoch():
    assert StreamPacker(numbered([9, 9, 9]), rows=2, seq_len=4).count(2) == 6
    assert FirstFitPacker(numbered([9, 9, 9]), rows=1, seq_len=8).count(2) == 6


def test_the_seed_decides_the_order():
    one, other = ([int(numbered([3] * 50, seed)[i].tokens[0]) for i in range(50)] for seed in (1, 2))
    assert one != other


def test_left_out_examples_are_counted_once_and_kept_in_the_state():
    one, other = (FirstFitPacker(numbered([20, 11]), rows=1, seq_len=10) for _ in range(2))
    for _ in range(3):
        next(one)
    assert (one.left_out, one.longest) == (1, 19)
    other.set_state(one.get_state())
    assert (other.left_out, other.longest) == (1, 19)


def test_positions_of_a_cut_piece_start_again():
    packer = FirstFitPacker(numbered([20]), rows=1, seq_len=10, cut_freely=True)
    next(packer)
    assert next(packer)["positions"].tolist() == [[*range(9), 0]]


def test_the_fullest_row_is_closed_first(monkeypatch):
    monkeypatch.setattr("commit_llm.data.packing.OPEN_ROWS", 2)
    packer = FirstFitPacker(numbered([7, 9, 8, 8]), rows=1, seq_len=10)
    assert next(packer)["input_tokens"][0, 0] == 200


def test_rows_of_an_epoch_do_not_wait_for_more_than_the_next():
    """Small data: as many batches as an epoch has hold nearly all of it, and nothing of epochs far ahead."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 200, 200).tolist()
    packer = FirstFitPacker(numbered(lengths, shuffle_seed=0), rows=4, seq_len=512)
    steps = packer.count(1)
    packer = FirstFitPacker(numbered(lengths, shuffle_seed=0), rows=4, seq_len=512)
    seen = {int(id) for _ in range(steps) for id in next(packer)["example_ids"].flat} - {-1}
    assert len(seen) >= 0.95 * len(lengths)
    assert packer.get_state()["position"] < 2 * len(lengths)


def test_example_ids_name_the_row_of_every_token():
    for packer in packers([9, 12, 7, 30, 5]):
        batch = next(packer)
        np.testing.assert_array_equal(batch["example_ids"] >= 0, batch["segment_ids"] > 0)
        here = batch["segment_ids"] > 0
        np.testing.assert_array_equal(batch["example_ids"][here], batch["input_tokens"][here] // 100 - 1)


def test_one_pass_gives_every_example_once():
    lengths = [9, 12, 7, 30, 5, 3]
    batches = list(FirstFitPacker(numbered(lengths), rows=2, seq_len=32).one_pass())
    everything = [int(target) for row in range(len(lengths)) for target in numbered(lengths)[row].tokens[1:]]
    assert sorted(targets_seen(batches)) == sorted(everything)
    assert all(batch["input_tokens"].shape == (2, 32) for batch in batches)
