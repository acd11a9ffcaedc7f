"""A disk that is full, or that cannot be written to, told in one line wherever it happens."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commit_llm.errors import UserError

NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO, errno.ESTALE)
REASONS = {os.strerror(number): number for number in NUMBERS}
# Libraries in other languages raise errors of their own, whose text has the system's reason or number in it.
IN_TEXT = re.compile("|".join([*map(re.escape, REASONS), r"\bos error (\d+)"]))


class DiskError(UserError):
    """Tell that a disk is full or cannot be written to; what is finished stays, for the same command to go on."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an error of the disk while inside into a DiskError that names what was to be written."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        if reason := disk_reason(error):
            raise DiskError(message(path, reason)) from None
        raise


def message(path: Path | str, reason: str) -> str:
    """Say what could not be written, why, and the way out."""
    way_out = "free some space" if reason in FULL else "make it writable"
    return f"{path}: cannot be written ({reason}); {way_out} and give the same command again, or choose another --out"


FULL = {os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)}


def disk_reason(error: BaseException | None) -> str | None:
    """Give the system's reason where an error, or one that it came from, is an error of the disk.

    >>> disk_reason(ValueError("Error writing 'd/0.0': No space left on device [os error 28]"))
    'No space left on device'
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in NUMBERS:
            return os.strerror(error.errno)
        if (match := IN_TEXT.search(str(error))) and (reason := _reason(match)):
            return reason
        error = error.__cause__ or error.__context__
    return None


def _reason(match: re.Match[str]) -> str | None:
    if match[1] is None:
        return match[0]
    return os.strerror(int(match[1])) if int(match[1]) in NUMBERS else None
