"""Batches and what the training step takes of them."""

import numpy as np

from commit_llm.data.packing.batch import Batch, empty_batch, indices_of, step_arrays


def test_an_empty_batch_has_every_array():
    batch = empty_batch(2, 3)
    assert batch.keys() == Batch.__annotations__.keys()
    assert {array.shape for array in batch.values()} == {(2, 3)}
    assert [name for name, array in batch.items() if array.dtype != np.int32] == ["loss_masks"]


def test_the_step_takes_all_but_the_example_ids():
    batch = empty_batch(2, 3)
    arrays = step_arrays(batch)
    assert batch.keys() - arrays.keys() == {"example_ids"}
    assert all(arrays[name] is batch[name] for name in arrays)


def test_indices_of_the_records_in_batches():
    first, second = empty_batch(1, 3), empty_batch(1, 3)
    assert indices_of([first, second]).tolist() == indices_of([]).tolist() == []
    first["example_ids"][0], second["example_ids"][0] = [7, 7, -1], [3, 7, 0]
    assert indices_of([first, second]).tolist() == [0, 3, 7]
