"""Files of names that are ours are never opened through a link."""

import re

import pytest

from commit_llm.errors import UserError
from commit_llm.files.lock import locked
from commit_llm.files.own import open_own, remove_own
from commit_llm.runs.evaluation import write_lines


def write(path):
    with open_own(path, "w") as file:
        file.write("new")


def append(path):
    with open_own(path, "ab") as file:
        file.write(b"new")


def lock(path):
    with locked(path.parent, "training"):
        pass


@pytest.mark.parametrize("use", [write, append, lock, lambda path: write_lines(path, [{"a": 1}])])
def test_a_link_is_refused(tmp_path, use):
    (tmp_path / "others").write_text("precious")
    (tmp_path / ".lock").symlink_to("others")
    with pytest.raises(UserError, match=r"\.lock: is a link to others, and nothing is written or removed through it"):
        use(tmp_path / ".lock")
    assert (tmp_path / "others").read_text() == "precious"


def test_a_link_that_comes_meanwhile_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr("commit_llm.files.own.refuse_link", lambda path: None)
    (tmp_path / "others").write_text("precious")
    (tmp_path / "log").symlink_to("others")
    for use in (write, append):
        with pytest.raises(OSError, match="symbolic links"):
            use(tmp_path / "log")
    assert (tmp_path / "others").read_text() == "precious"


def test_a_folder_goes_only_where_all_of_it_is_ours(tmp_path):
    for folder, names in (("ours", ["a", "b"]), ("shared", ["a", "notes"])):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).write_text("")
        remove_own(tmp_path / folder, re.compile("[ab]"), first="a")
    assert [path.name for path in tmp_path.rglob("*")] == ["shared", "notes"]
