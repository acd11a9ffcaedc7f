"""Going on from the newest checkpoint that can be read."""

import logging

import numpy as np

from commit_llm.data.packing import FirstFitPacker, StreamPacker
from commit_llm.errors import UserError, reason_of
from commit_llm.parallel.mesh import place
from commit_llm.parallel.processes import agree_all
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.prepare import Training
from commit_llm.train.step import TrainState

LOGGER = logging.getLogger("commit_llm")


def restore(
    checkpoints: Checkpoints, training: Training, batches: StreamPacker | FirstFitPacker
) -> tuple[TrainState | None, int, int]:
    """The newest checkpoint that every process can read, its step and its tokens; (None, 0, 0) where there is none.

    Those that cannot be read are set aside, never deleted. Raises UserError where none can be read.
    """
    unreadable: list[tuple[int, str]] = []
    for step in reversed(checkpoints.steps()):
        reason = ""
        try:
            state, progress = checkpoints.restore(step, training.abstract_state())
            position, tokens = progress["data"], progress["tokens"]
        except Exception as error:  # whatever a broken file makes of Orbax
            reason = reason_of(error)
        if reasons := [found for found in agree_all("restored", reason) if found]:
            unreadable.append((step, reasons[0]))
            continue
        batches.set_state(position)
        for broken, reason in unreadable:
            kept = checkpoints.set_aside(broken)
            LOGGER.warning("%s: the checkpoint of step %d cannot be read (%s)", checkpoints.run, broken, reason)
            LOGGER.warning("%s: going on from step %d; the other is kept as %s", checkpoints.run, step, kept)
        placed = place(np.int32(step), training.state_shardings.step)
        return state._replace(step=placed), step, tokens
    if unreadable:
        step, reason = unreadable[0]
        raise UserError(
            f"{checkpoints.run}: none of its checkpoints can be read (step {step}: {reason}); nothing was changed; "
            "try again if it may pass, or choose another --out"
        )
    return None, 0, 0
