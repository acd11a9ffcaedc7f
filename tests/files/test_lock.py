"""One process at a time works in a folder."""

import os

import pytest

from commit_llm.errors import UserError
from commit_llm.files.lock import locked


def test_a_folder_is_locked_once(tmp_path):
    message = rf"process {os.getpid()} on .* is mixing here; wait for it, or choose"
    with locked(tmp_path, "training"), pytest.raises(UserError, match=message), locked(tmp_path, "mixing"):
        pass
    with locked(tmp_path, "mixing"):
        pass


def test_a_lock_that_its_holder_has_just_removed_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", lambda *_: (tmp_path / ".lock").unlink())
    message = "another process has just finished mixing here; give the command again"
    with pytest.raises(UserError, match=message), locked(tmp_path, "mixing"):
        pass
