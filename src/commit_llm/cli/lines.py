"""Lines of a command on the terminal: what it says, and on standard error what the package logs while it runs.

What comes from data, files or other hosts may hold control characters: here they become signs.
"""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from commit_llm.errors import visible

Hook = Callable[["sys.UnraisableHookArgs"], Any]


def say(text: str = "", *, to_stderr: bool = False, end: str = "\n", file: IO[str] | None = None) -> None:
    """Print a text, with signs for its control characters."""
    print(visible(text), file=file or (sys.stderr if to_stderr else sys.stdout), end=end, flush=True)


def say_json(value: Any, indent: int | None = 2, file: IO[str] | None = None) -> None:
    """Print a value as JSON, with escapes for its control characters: a program reads the value as it is."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)  # which escapes those below a space
    say(re.sub("[\x7f-\x9f\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text), file=file)


class _OnStandardError(logging.Handler):
    """Print each line once, on standard error as it is at that moment: a progress bar replaces it while it is drawn.

    The quickstart trains four times on the same device, and names the device once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = visible(self.format(record))
        if line not in self.printed:
            self.printed.add(line)
            print(line, file=sys.stderr)


def pass_over_late_errors(shown: Hook) -> Hook:
    """Make a hook of errors that nobody can take, which leaves out those of Orbax's arrays after one has failed.

    Orbax ends at the first array that it cannot write or read, and the others of the same checkpoint find nobody to
    report to: each would print a traceback. The first one is told in one line.
    """

    def hook(untaken: "sys.UnraisableHookArgs") -> None:
        is_closed = untaken.exc_type is RuntimeError and str(untaken.exc_value) == "Event loop is closed"
        code = getattr(untaken.object, "cr_code", None)  # of the coroutine that the error ended
        if not is_closed and "orbax" not in Path(getattr(code, "co_filename", "")).parts:
            shown(untaken)

    return hook


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
