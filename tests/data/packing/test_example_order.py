"""The order of training."""

from tests.data.packing.numbered_examples import numbered


def test_every_epoch_is_shuffled_anew_and_whole():
    examples = numbered([3] * 50, shuffle_seed=1)
    orders = [[int(examples[epoch * 50 + i].tokens[0]) for i in range(50)] for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 3
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_the_seed_decides_the_order():
    one, other = ([int(numbered([3] * 50, seed)[i].tokens[0]) for i in range(50)] for seed in (1, 2))
    assert one != other
