"""TensorBoard's file: every figure, and an error of the disk in the thread that trains."""

import errno

import pytest

from commit_llm.files.disk import disk_reason
from commit_llm.train.event_file import EventFile


class Full:
    """Take a few writes, as into a buffer, and then no more."""

    written, closed = 0, False

    def write(self, content):
        self.written += len(content)
        if self.written > 5000:
            raise OSError(errno.ENOSPC, "No space left on device")

    def flush(self):
        self.write(b"")

    def close(self):
        self.closed = True


def test_figures_are_written(tmp_path):
    with EventFile(tmp_path / "tensorboard", 3) as file:
        file.add(3, {"train/loss": 2.5, "train/tokens": 8})
    (path,) = (tmp_path / "tensorboard").iterdir()
    assert path.read_bytes().count(b"train/loss") == 1


def test_a_full_disk_is_told_and_nobody_waits(tmp_path, monkeypatch):
    file = Full()
    monkeypatch.setattr("tensorboardX.record_writer.open_file", lambda path: file)

    def write():
        with EventFile(tmp_path, 1) as events:
            for step in range(1000):
                events.add(step, {"train/loss": 2.5})

    with pytest.raises(OSError, match="No space") as error:
        write()
    assert disk_reason(error.value) == "No space left on device"
    assert file.closed
