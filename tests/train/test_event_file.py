"""TensorBoard's file: every figure, and an error of the disk in the thread that trains."""

import pytest

from commit_llm.files.disk import disk_reason
from commit_llm.train.event_file import EventFile


def test_figures_are_written(tmp_path):
    for first in (1, 3):  # the second one goes on within the same second
        with EventFile(tmp_path / "tensorboard", first) as file:
            file.add(first, {"train/loss": 2.5, "train/tokens": 8})
            (tmp_path / "tensorboard").chmod(0o755)
    (path,) = (tmp_path / "tensorboard").iterdir()
    assert path.read_bytes().count(b"train/loss") == 1


def test_a_full_disk_is_told_and_nobody_waits(tmp_path, monkeypatch):
    monkeypatch.setattr("tensorboardX.record_writer.open_file", lambda path: open("/dev/full", "wb"))  # noqa: SIM115

    def write():
        with EventFile(tmp_path, 1) as file:
            for step in range(1000):
                file.add(step, {"train/loss": 2.5})

    with pytest.raises(OSError, match="No space") as error:
        write()
    assert disk_reason(error.value) == "No space left on device"
