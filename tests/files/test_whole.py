"""Files and folders that appear whole or not at all."""

import errno
import json
import os
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.disk import DiskError
from commit_llm.files.whole import whole_file, whole_folder


def fail_halfway(manager, is_folder):
    with manager as temporary:
        (temporary / "half" if is_folder else temporary).write_text("half")
        raise RuntimeError


def test_outputs_appear_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError):
        fail_halfway(whole_file(tmp_path / "file"), is_folder=False)
    with pytest.raises(RuntimeError):
        fail_halfway(whole_folder(tmp_path / "folder"), is_folder=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("old")
    with pytest.raises(UserError, match="exists already"), whole_file(tmp_path / "file"):
        pass
    with whole_file(tmp_path / "file", overwrite=True) as temporary:
        temporary.write_text(json.dumps("new"))
    assert (tmp_path / "file").read_text() == '"new"'


def test_a_file_is_moved_into_place_and_not_copied(tmp_path):
    """A copy that is cut short would stand there half-written."""
    with whole_file(tmp_path / "file") as temporary:
        temporary.write_text("new")
        written = temporary.stat().st_ino
    assert (tmp_path / "file").stat().st_ino == written


def test_what_overwrite_replaces_and_what_not(tmp_path, monkeypatch):
    old = tmp_path / "folder"
    old.mkdir()
    (old / "old").write_text("")
    (old / "results.json").write_text("")
    with whole_folder(old, overwrite=True, marker="results.json") as temporary:
        (temporary / "new").write_text("")
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]
    with (
        pytest.raises(UserError, match=r"holds something else \(no results\.json\)"),
        whole_folder(old, True, "results.json"),
    ):
        pass
    (tmp_path / "link").symlink_to(old)
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(UserError, match="is not a folder"), whole_folder(tmp_path / name, True, "new"):
            pass
    monkeypatch.chdir(old)
    for name in (".", ".."):
        with (
            pytest.raises(UserError, match="is the folder you are in, or holds it"),
            whole_folder(Path(name), True, "new"),
        ):
            pass
    with pytest.raises(UserError, match="is a folder; name a file"), whole_file(old, overwrite=True):
        pass
    with pytest.raises(UserError, match="cannot be made a folder"), whole_file(tmp_path / "file" / "x"):
        pass
    assert (old / "new").is_file()


@pytest.mark.parametrize("target", ["others", "nothing there"])
def test_a_link_in_the_place_of_a_file_is_refused(tmp_path, target):
    (tmp_path / "others").write_text("precious")
    (tmp_path / "out").symlink_to(target)
    with pytest.raises(UserError, match="exists already"), whole_file(tmp_path / "out"):
        pass
    with (
        pytest.raises(UserError, match=f"out: is a link to {target}, and nothing is written"),
        whole_file(tmp_path / "out", overwrite=True),
    ):
        pass
    assert (tmp_path / "others").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_link_where_the_half_written_file_was_expected_is_not_followed(tmp_path):
    (tmp_path / "others").write_text("precious")
    (tmp_path / f".out.partial-{os.getpid()}").symlink_to("others")
    with whole_file(tmp_path / "out") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "others").read_text() == "precious"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("manager", [whole_file, whole_folder])
def test_an_error_of_the_disk_is_one_line(tmp_path, number, manager):
    with (
        pytest.raises(DiskError, match=rf"out: cannot be written \({os.strerror(number)}\); "),
        manager(tmp_path / "out"),
    ):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_what_came_there_meanwhile_is_not_replaced(tmp_path):
    path = tmp_path / "folder"

    def write():
        with whole_folder(path) as temporary:
            (temporary / "new").write_text("")
            path.mkdir()
            (path / "precious").write_text("")

    with pytest.raises(UserError, match="exists already"):
        write()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "precious"]
