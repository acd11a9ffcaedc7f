"""Notes of a command on standard error: what the package logs while it runs, warnings and facts alike."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _OnStandardError(logging.Handler):
    """Standard error as it is at each line: a progress bar puts its own in its place while it is drawn.

    What was told is not told again: the quickstart trains four times on the same device.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if line not in self.told:
            self.told.add(line)
            print(line, file=sys.stderr)


@contextmanager
def notes_shown() -> Iterator[None]:
    """Without this, Python shows warnings only. Nothing is told a second time by the handlers of a library (absl's)."""
    logger, handler = logging.getLogger("commit_llm"), _OnStandardError()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
