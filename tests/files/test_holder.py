"""What is half-written ends with its process, or the next one removes it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.files.holder import clear, clear_folder, holder_of, remove_folder
from commit_llm.files.lock import locked
from commit_llm.files.whole import refuse_existing_file, refuse_existing_folder, whole_file, whole_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from commit_llm.files.whole import whole_file, whole_folder
manager = {"file": whole_file, "folder": whole_folder}[sys.argv[1]]
with manager(Path(sys.argv[2])) as new:
    (new / "x" if new.is_dir() else new).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left_by(path):
    """Make what a killed process leaves: a holder whose lock nobody has."""
    with holder_of(path) as holder:
        (holder / "new").write_text("half")
        holder.rename(path.parent / "kept")
    (path.parent / "kept").rename(holder)
    return holder


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "manager"), [("file", whole_file), ("folder", whole_folder)])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, kind, manager):
    ended = subprocess.run([sys.executable, "-c", KILLED, kind, str(tmp_path / "out")], timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert [path.name[:13] for path in tmp_path.iterdir()] == [".out.partial-"]
    with manager(tmp_path / "out") as new:
        (new / "x" if new.is_dir() else new).write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_that_of_a_process_that_lives_stays(tmp_path):
    with whole_file(tmp_path / "out") as first:
        first.write_text("first")
        with whole_file(tmp_path / "out") as second:
            second.write_text("second")
        assert first.read_text() == "first"
        (tmp_path / "out").unlink()


def test_only_what_is_of_this_output_and_of_our_names_is_removed(tmp_path):
    left = left_by(tmp_path / "out")
    others = [left_by(tmp_path / "out2"), tmp_path / ".out.partial-notes", tmp_path / ".out.partial-abcdefgh"]
    for folder in others[1:]:
        folder.mkdir()
        (folder / "thesis.tex").write_text("precious")
    (tmp_path / ".out.partial-aaaaaaaa").symlink_to(others[1])
    clear(tmp_path / "out")
    assert not left.exists()
    assert all(any(folder.iterdir()) for folder in others)


def test_an_output_that_a_kill_left_moved_aside_is_put_back(tmp_path):
    holder = left_by(tmp_path / "out")
    (holder / "old").mkdir()
    (holder / "old" / "marker").write_text("the one before")
    clear(tmp_path / "out")
    assert (tmp_path / "out" / "marker").read_text() == "the one before"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("refuse", [refuse_existing_file, refuse_existing_folder])
def test_what_a_kill_left_behind_a_whole_output_is_removed_where_the_next_is_refused(tmp_path, refuse):
    """A kill between the moment that the output takes its name and the end of the holder."""
    out = tmp_path / "out"
    out.mkdir() if refuse is refuse_existing_folder else out.touch()
    (out / "x").touch() if out.is_dir() else None
    left_by(out)
    with pytest.raises(UserError, match="exists already"):
        refuse(out)
    assert os.listdir(tmp_path) == ["out"]


def test_what_a_kill_left_beside_and_in_a_folder_is_removed_by_who_goes_on_there(tmp_path):
    """A kill as above, of an output that is not refused when it stands, but gone on with."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "metrics.jsonl").touch()
    other = left_by(tmp_path / "other")
    for output in (run, run / "metrics.jsonl", run / "gone"):
        left_by(output)
    with locked(run, "training"), whole_file(run / "new") as new:
        new.write_text("whole")
        with pytest.raises(UserError, match="is training here"), locked(run, "training"):
            pass
    assert {path for path in tmp_path.rglob("*") if other not in path.parents} == {
        other, run, run / ".lock", run / "metrics.jsonl", run / "new"
    }  # fmt: skip


def test_a_folder_is_removed_at_once(tmp_path, monkeypatch):
    """A kill while its files are removed leaves no half of it in its place."""
    folder = tmp_path / "run" / "checkpoints"
    (folder / "4" / "params").mkdir(parents=True)
    for name in ("a", "z"):
        (folder / name).touch()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)  # stopped in the first folder
        remove_folder(folder)
    assert not folder.exists()
    assert [*tmp_path.rglob("params")]
    clear_folder(folder.parent)
    assert [*tmp_path.rglob("*")] == [folder.parent]
    folder.mkdir()
    remove_folder(folder)
    assert [*tmp_path.rglob("*")] == [folder.parent]


def test_half_of_what_was_overwritten_is_not_put_back(tmp_path, monkeypatch):
    """A kill as the folder that was moved aside is removed; then the new one is renamed."""
    out = tmp_path / "out"
    for content in ("one", "two"):
        with monkeypatch.context() as patch:
            patch.setattr("shutil.rmtree", lambda *_, **__: None)
            with whole_folder(out, overwrite=True, marker="marker") as new:
                (new / "marker").write_text(content)
    out.rename(tmp_path / "renamed")
    clear(out)
    assert [*tmp_path.iterdir()] == [tmp_path / "renamed"]
    assert (tmp_path / "renamed" / "marker").read_text() == "two"


def test_the_current_folder_is_cleared_too(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    left = left_by(tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    clear_folder(Path())
    assert not left.exists()
    Path("circle").symlink_to("circle")
    clear_folder(Path("circle"))


def test_one_s_own_is_not_removed_by_the_look_at_what_exists(tmp_path):
    with whole_file(tmp_path / "out") as new:
        new.write_text("whole")
        refuse_existing_file(tmp_path / "out")
        assert new.read_text() == "whole"
