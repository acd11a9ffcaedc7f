"""Files and folders that appear whole or not at all."""

import json
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.whole import whole_file, whole_folder, whole_lines


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
        with pytest.raises(UserError, match="is no folder"), whole_folder(tmp_path / name, True, "new"):
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


def test_a_line_that_a_kill_cut_off_is_removed(tmp_path):
    path = tmp_path / "lines.jsonl"
    assert whole_lines(path) == []
    path.write_bytes(b'{"a": "\xed\xa0\x80"}\n\n{"a": ')
    assert whole_lines(path) == ['{"a": "\ud800"}', ""]
    assert path.read_bytes() == b'{"a": "\xed\xa0\x80"}\n\n'
    assert len(whole_lines(path)) == 2
    path.write_bytes(b"a\nb\xe9\n")
    with pytest.raises(UserError, match="not UTF-8 at byte 3"):
        whole_lines(path)
