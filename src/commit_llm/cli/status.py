"""Exit statuses. Status 1, a fault of ours, is Python's own for a traceback."""

from commit_llm.train.stop import Reason

DONE, MISTAKE, INTERRUPTED, TERMINATED = 0, 2, 130, 143


def of_stop(reason: Reason | None) -> int:
    """The status of a run that ended, or was stopped: the user's own clock is no failure."""
    return {Reason.SIGTERM: TERMINATED, Reason.INTERRUPT: INTERRUPTED}.get(reason, DONE) if reason else DONE
