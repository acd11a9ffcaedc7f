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
