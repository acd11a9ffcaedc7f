"""Rows of whole examples: what they keep, what they cut, what they leave out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.data.examples import Cut, NoExample, NoExampleReason
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.first_fit_packer import FirstFitPacker
from commit_llm.errors import UserError
from tests.data.packing.numbered_examples import numbered, segments, targets_seen

LENGTHS = st.lists(st.integers(2, 30), min_size=4, max_size=40)


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
    packer = FirstFitPacker(numbered(lengths, cut=Cut.ANYWHERE), rows=1, seq_len=seq_len)
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
    split = FirstFitPacker(numbered(lengths, cut=Cut.IF_LONG), rows=1, seq_len=10)
    batches = [next(split) for _ in range(6)]
    assert split.left_out == 0
    assert set(range(101, 120)) <= set(targets_seen(batches))


def test_nothing_fits():
    with pytest.raises(UserError, match=r"longer than a row of 10 tokens; --seq-len 29 keeps them all"):
        next(FirstFitPacker(numbered([20, 30]), rows=1, seq_len=10))
    empty = Examples(range(3), lambda epoch, index, place: NoExample(NoExampleReason.BLANK))
    with pytest.raises(UserError, match="no record holds any text"):
        next(FirstFitPacker(empty, rows=1, seq_len=10))


def test_left_out_examples_are_counted_once_and_kept_in_the_state():
    one, other = (FirstFitPacker(numbered([20, 11]), rows=1, seq_len=10) for _ in range(2))
    for _ in range(3):
        next(one)
    assert (one.left_out, one.longest) == (1, 19)
    other.set_state(one.get_state())
    assert (other.left_out, other.longest) == (1, 19)


def test_positions_of_a_cut_piece_start_again():
    packer = FirstFitPacker(numbered([20], cut=Cut.ANYWHERE), rows=1, seq_len=10)
    next(packer)
    assert next(packer)["positions"].tolist() == [[*range(9), 0]]


def test_the_fullest_row_is_closed_first(monkeypatch):
    monkeypatch.setattr("commit_llm.data.packing.first_fit_packer.OPEN_ROWS", 2)
    packer = FirstFitPacker(numbered([7, 9, 8, 8]), rows=1, seq_len=10)
    assert next(packer)["input_tokens"][0, 0] == 200


def test_rows_of_an_epoch_do_not_wait_for_more_than_the_next():
    """Small data: as many batches as an epoch has hold nearly all of it, and nothing of epochs far ahead."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 200, 200).tolist()
    packer = FirstFitPacker(numbered(lengths, shuffle_seed=0), rows=4, seq_len=512)
    steps = packer.count(len(lengths))
    packer = FirstFitPacker(numbered(lengths, shuffle_seed=0), rows=4, seq_len=512)
    seen = {int(id) for _ in range(steps) for id in next(packer)["example_ids"].flat} - {-1}
    assert len(seen) >= 0.95 * len(lengths)
    assert packer.get_state()["position"] < 2 * len(lengths)


def test_one_pass_gives_every_example_once():
    lengths = [9, 12, 7, 30, 5, 3]
    batches = list(FirstFitPacker(numbered(lengths), rows=2, seq_len=32).one_pass())
    everything = [int(target) for row in range(len(lengths)) for target in numbered(lengths)[row].tokens[1:]]
    assert sorted(targets_seen(batches)) == sorted(everything)
    assert all(batch["input_tokens"].shape == (2, 32) for batch in batches)
