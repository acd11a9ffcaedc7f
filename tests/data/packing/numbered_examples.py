"""Examples whose tokens tell where they come from, and what of them stands in batches."""

import numpy as np

from commit_llm.data.examples import Cut, Example
from commit_llm.data.packing.example_order import Examples


def numbered(lengths, shuffle_seed=None, cut=Cut.NOWHERE):
    """Examples whose tokens tell example and place: 100 * (index + 1) + place; all but the first are trained."""

    def make(epoch, index, place):
        tokens = 100 * (index + 1) + np.arange(lengths[index], dtype=np.int32)
        loss_mask = np.ones(lengths[index], np.float32)
        loss_mask[:1] = 0
        return Example(tokens, loss_mask, cut)

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
