"""Which records are trained on, and the order of training."""

import numpy as np
import pytest

from commit_llm.data.packing.example_order import held_out_indices, training_indices
from commit_llm.errors import UserError
from tests.data.packing.numbered_examples import numbered


def test_every_epoch_is_shuffled_anew_and_whole():
    examples = numbered([3] * 50, shuffle_seed=1)
    orders = [[int(examples[epoch * 50 + i].tokens[0]) for i in range(50)] for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_the_seed_decides_the_order():
    one, other = ([int(numbered([3] * 50, seed)[i].tokens[0]) for i in range(50)] for seed in (1, 2))
    assert one != other


def test_every_record_is_on_one_side():
    held_out, trained = held_out_indices(0.2, 7, 500), training_indices(0.2, 7, 500)
    assert 60 < len(held_out) < 140
    assert sorted([*held_out, *trained]) == list(range(500))
    assert trained.tolist() == sorted(trained.tolist())


def test_a_record_is_drawn_by_seed_and_index_alone():
    many = held_out_indices(0.2, 7, 500)
    assert held_out_indices(0.2, 7, 100).tolist() == many[many < 100].tolist()
    assert held_out_indices(0.2, 8, 500).tolist() != many.tolist()
    assert set(many) <= set(held_out_indices(0.3, 7, 500))


def test_nothing_is_held_out():
    assert held_out_indices(0.0, 7, 5).dtype == np.int64
    assert training_indices(0.0, 7, 5) == range(5)


@pytest.mark.parametrize(("share", "number"), [(1e-9, 0), (0.999999, 4)])
def test_a_share_that_leaves_a_side_empty(share, number):
    with pytest.raises(UserError, match=f"holds out {number} of 4 examples; choose another share"):
        held_out_indices(share, 0, 4)


def test_a_sample_is_drawn_by_the_seed():
    sample = training_indices(0.2, 7, 500, most=100)
    assert sample.tolist() == sorted(set(sample.tolist()) & set(training_indices(0.2, 7, 500).tolist()))
    assert len(sample) == 100
    assert sample.tolist() == training_indices(0.2, 7, 500, most=100).tolist() != list(range(100))
    assert sample.tolist() != training_indices(0.2, 8, 500, most=100).tolist()
    assert set(sample) <= set(training_indices(0.2, 7, 500, most=101))
    assert training_indices(0.0, 7, 5, most=5).tolist() == [0, 1, 2, 3, 4]


def test_a_sample_larger_than_the_data():
    with pytest.raises(UserError, match="--max-train-samples 6: the data has 5 examples; take at most that many"):
        training_indices(0.0, 7, 5, most=6)
