"""Notes of a command on standard error: what the package logs while it runs, warnings and facts alike."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _OnStandardError(logging.Handler):
    """Standard error as it is at each line: a progress bar puts its own in its place while it is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


@contextmanager
def notes_shown() -> Iterator[None]:
    """Without this, Python shows warnings only."""
    logger, handler = logging.getLogger("commit_llm"), _OnStandardError()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
