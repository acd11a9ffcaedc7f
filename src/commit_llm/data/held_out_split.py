"""Which records of a data set are held out of training, and which are trained on."""

from collections.abc import Sequence

import numpy as np

from commit_llm.codemix.randomness import hash64, unit_float
from commit_llm.errors import UserError

HELD_OUT = 0x4845_4C44  # keeps this draw apart from other draws


def held_out_indices(share: float, seed: int, num_records: int) -> np.ndarray:
    """Draw the records that are held out: each with probability share, in [0, 1), by seed and index alone.

    Gives their indices, sorted. Raises UserError where the share holds out none of the records, or all of them.
    """
    if share == 0.0:
        return np.zeros(0, np.int64)
    is_held_out = [unit_float(hash64(seed, HELD_OUT, index)) < share for index in range(num_records)]
    indices = np.flatnonzero(is_held_out)
    if not 0 < len(indices) < num_records:
        raise UserError(
            f"--held-out-share {share}: holds out {len(indices)} of {num_records} examples; choose another share"
        )
    return indices


def training_indices(share: float, seed: int, num_records: int) -> Sequence[int] | np.ndarray:
    """Give the indices of the records that are trained on, in the order of the file: those that are not held out."""
    held_out = held_out_indices(share, seed, num_records)
    return np.delete(np.arange(num_records), held_out) if len(held_out) else range(num_records)
