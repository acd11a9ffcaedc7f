"""Which records are held out of training."""

import numpy as np
import pytest

from commit_llm.data.held_out_split import held_out_indices, training_indices
from commit_llm.errors import UserError


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
