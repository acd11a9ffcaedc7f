"""Rows of prompts with their candidates: nothing is lost, nothing is parted, and shapes are few."""

import numpy as np
import pytest

from commit_llm.evaluate.rank_batches import Candidates, add_up, lay_out, plan_rows
from commit_llm.model.tree_likelihood import CHUNK


def prompts_of(number, longest, seed=0):
    rng = np.random.default_rng(seed)
    return [
        Candidates(
            rng.integers(1, 99, rng.integers(1, longest)).tolist(),
            [rng.integers(1, 99, rng.integers(1, 9)).tolist() for _ in range(rng.integers(2, 7))],
        )
        for _ in range(number)
    ]


@pytest.mark.parametrize(("number", "longest", "batch_size", "share"), [
    (1, 9, 8, 1), (40, 800, 1, 1), (60, 800, 8, 1), (60, 3000, 4, 1), (60, 800, 3, 4), (5, 5000, 1, 8),
])  # fmt: skip
def test_each_prompt_stands_whole_in_one_row(number, longest, batch_size, share):
    prompts = prompts_of(number, longest)
    batches = plan_rows(prompts, batch_size, lambda rows: -(-rows // share) * share)
    assert sorted(place for batch in batches for place in batch.prompts) == list(range(number))
    shapes = {}
    for batch in batches:
        assert len(batch.rows) <= batch.height
        assert batch.height % share == 0
        assert batch.height * batch.width <= max(batch_size * 1024, batch.width) + (share - 1) * batch.width
        assert all(sum(prompts[place].places for place in row) <= batch.width for row in batch.rows)
        assert sum(prompts[place].scored for place in batch.prompts) <= batch.scored
        assert batch.scored % CHUNK == 0
        assert shapes.setdefault(batch.width, (batch.height, batch.scored)) == (batch.height, batch.scored)


def test_rows_are_full():
    """Prompts of up to 800 tokens leave less than a twentieth of the rows empty, beside those that fill a batch."""
    prompts = prompts_of(150, 800)
    batches = plan_rows(prompts, 8)
    places = sum(len(batch.rows) * batch.width for batch in batches)
    assert sum(prompt.places for prompt in prompts) > 0.95 * places
    assert sum(batch.height - len(batch.rows) for batch in batches) < len(batches)


def test_a_row():
    prompts = [Candidates([5, 6], [[7], [8, 9]]), Candidates([1, 2, 3], [[4, 5, 6], [7, 8]])]
    (batch,) = plan_rows(prompts, 1)
    assert batch.rows == [[1, 0]]
    arrays = lay_out(prompts, batch)
    assert arrays.tokens[0, :10].tolist() == [1, 2, 3, 4, 5, 7, 5, 6, 8, 0]
    assert arrays.segment_ids[0, :10].tolist() == [1, 1, 1, 2, 2, 3, 4, 4, 6, 0]
    assert arrays.parent_ids[0, :10].tolist() == [1, 1, 1, 1, 1, 1, 4, 4, 4, 0]
    assert arrays.positions[0, :10].tolist() == [0, 1, 2, 3, 4, 3, 0, 1, 2, 0]
    assert arrays.places[:9].tolist() == [2, 3, 4, 2, 5, 7, 7, 8, 0]
    assert arrays.targets[:9].tolist() == [4, 5, 6, 7, 8, 7, 8, 9, 0]
    log_probabilities = -np.arange(1, CHUNK + 1, dtype=np.float32)
    assert add_up(prompts, batch, log_probabilities) == {1: [-6.0, -9.0], 0: [-6.0, -15.0]}


def test_the_last_rows_are_empty_where_devices_share_them():
    (batch,) = plan_rows([Candidates([5], [[6], [7]])], 1, lambda rows: 4)
    assert lay_out([Candidates([5], [[6], [7]])], batch).segment_ids[1:].sum() == 0
