"""Errors of the disk, whoever raises them, are one line."""

import errno

import pytest

from commit_llm.cli.main import one_line
from commit_llm.files.disk import DiskError, disk_reason, writing

FULL = "No space left on device"


def of_another(cause):
    error = ValueError("a save has failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, FULL),
        ValueError(f"RESOURCE_EXHAUSTED: Failed to write 52621 bytes to file 9: {FULL} [os_error_code='28']"),
        RuntimeError("Error while serializing: I/O error: (os error 28)"),
        of_another(OSError(errno.ENOSPC, FULL)),
    ],
)
def test_a_full_disk(error):
    assert disk_reason(error) == FULL
    way_out = "free some space and give the same command again, or choose another --out"
    assert one_line(error) == f"a file: cannot be written ({FULL}); {way_out}"
    with pytest.raises(DiskError, match=rf"run: cannot be written \({FULL}\); free"), writing("run"):
        raise error


def test_a_disk_that_cannot_be_written_to():
    assert one_line(OSError(errno.EROFS, "", "run/.lock")) == (
        "run/.lock: cannot be written (Read-only file system); make it writable and give the same command again, or "
        "choose another --out"
    )


@pytest.mark.parametrize("error", [ValueError("os error 2"), KeyError("a"), OSError("not read back as written")])
def test_a_fault_of_ours_is_not_one(error):
    assert disk_reason(error) is None
    assert one_line(error) is None
    with pytest.raises(type(error)), writing("run"):
        raise error
