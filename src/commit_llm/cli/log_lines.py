"""Notes of a command on standard error: what the package logs while it runs, warnings and facts alike."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _OnStandardError(logging.Handler):
    """Print each line once, on standard error as it is at that moment: a progress bar replaces it while it is drawn.

    The quickstart trains four times on the same device, and names the device once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if line not in self.printed:
            self.printed.add(line)
            print(line, file=sys.stderr)


@contextmanager
def notes_shown() -> Iterator[None]:
    """Show notes too while inside, where Python alone shows warnings; keep a library's handlers (absl's) quiet."""
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
