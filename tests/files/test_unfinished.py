"""Parts of a file under way, after a kill and beside other work."""

import pytest

from commit_llm.errors import UserError
from commit_llm.files import unfinished as module
from commit_llm.files.own import remove_own
from commit_llm.files.unfinished import folder_of, refuse_existing_output, unfinished

WHAT = {"input": "a" * 64, "ratio": 0.5}


def keep(parts, number, text):
    written = parts.folder / f"{number:06}.1"
    written.write_text(text)
    parts.keep(number, written, 1, [number])


def test_finished_parts_are_there_again(tmp_path):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
        keep(parts, 2, "three")
        (parts.folder / "000001.77").write_text("half written")
    with (folder_of(out) / "done.jsonl").open("a") as file:
        file.write('{"number": 1, "ro')  # as a kill leaves it
    parts.path(2).write_text("of another size")
    with unfinished(out, WHAT, overwrite=False) as parts:
        assert parts.done.keys() == {0}
        assert parts.done[0].counts == [0]
        assert not (parts.folder / "000001.77").exists()


@pytest.mark.parametrize("name", ["000000", "done.jsonl"])
def test_a_changed_byte_is_noticed(tmp_path, name):
    """The size is the same; a changed count or text would be in the output."""
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
        keep(parts, 1, "two")
    path = folder_of(out) / name
    content = bytearray(path.read_bytes())
    for place in range(content.index(b"\n") if name == "done.jsonl" else len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with unfinished(out, WHAT, overwrite=False) as parts:
            assert parts.done.keys() == {1}, place


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("000000", "000000: is missing or has changed since it was written; this part is made again"),
        ("done.jsonl", "done.jsonl:1: a damaged line was skipped; its part is made again"),
        ("what.json", ".out.jsonl.unfinished: nothing says what its parts are of; all are made again"),
    ],
)
@pytest.mark.parametrize("content", [b"other\n", None])
def test_what_is_made_again_is_told(tmp_path, caplog, name, said, content):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
    with unfinished(out, WHAT, overwrite=False):
        assert caplog.messages == []
    (folder_of(out) / name).unlink()
    if content is not None:
        (folder_of(out) / name).write_bytes(content)
    with unfinished(out, WHAT, overwrite=False) as parts:
        assert not parts.done
    silent = name == "done.jsonl" and content is None  # as before the first part
    assert [message[-len(said) :] for message in caplog.messages] == ([] if silent else [said])


@pytest.mark.parametrize("name", ["", ".lock", "what.json", "000000"])
def test_a_link_is_refused_and_what_it_leads_to_stays(tmp_path, name):
    out, others = tmp_path / "out.jsonl", tmp_path / "others"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
    path = folder_of(out) / name
    if name:
        path.unlink()
        others.write_text("precious")
    else:
        path.rename(others)
    path.symlink_to(others)
    for overwrite in (False, True):
        if name == "000000" and overwrite:  # the link is removed, with all that was kept
            continue
        with (
            pytest.raises(UserError, match=f"{path.name}: is a link to .*others, and"),
            unfinished(out, WHAT, overwrite),
        ):
            pass
    assert others.read_text() == "precious" if name else (others / "000000").read_text() == "one"


def test_where_a_link_is_refused_nothing_has_been_removed_yet(tmp_path):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
        (parts.folder / "000001.77").write_text("half")  # of a worker that was killed
    (tmp_path / "others").write_text("precious")
    parts.path(0).unlink()
    parts.path(0).symlink_to(tmp_path / "others")
    before = sorted(folder_of(out).iterdir())
    with pytest.raises(UserError, match="is a link to"), unfinished(out, WHAT, overwrite=False):
        pass
    assert sorted(folder_of(out).iterdir()) == before


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path):
    """One without our description, with files of other names."""
    out = tmp_path / "out.jsonl"
    folder_of(out).mkdir()
    (folder_of(out) / "thesis.tex").write_text("precious")
    with pytest.raises(UserError, match=r"holds something else \(thesis\.tex\)"), unfinished(out, WHAT, True):
        pass
    assert [path.name for path in folder_of(out).iterdir()] == ["thesis.tex"]


def test_what_others_put_into_our_folder_stays(tmp_path):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
        (parts.folder / "notes.txt").write_text("precious")
    with unfinished(out, WHAT | {"ratio": 0.7}, overwrite=True) as parts:
        assert not parts.done
    assert [path.name for path in folder_of(out).iterdir()] == ["notes.txt"]


def test_other_work_is_refused_or_begun_anew(tmp_path):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
    other = {**WHAT, "ratio": 0.7, "seed": 1}
    with (
        pytest.raises(
            UserError, match=r"begun with ratio 0\.5 \(now 0\.7\), seed null \(now 1\); resume with the same"
        ),
        unfinished(out, other, overwrite=False),
    ):
        pass
    with unfinished(out, other, overwrite=True) as parts:
        assert parts.done == {}
    assert not folder_of(out).exists()  # nothing was finished


def finish(out):
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
        (parts.folder / "joined").write_text("one")
        parts.finish(out)


def killed(*_, **__):
    raise KeyboardInterrupt


def killed_behind_the_description(folder, names, first):
    (folder / first).unlink()
    killed()


@pytest.mark.parametrize("kill", [killed, killed_behind_the_description])
def test_what_a_kill_left_behind_a_whole_output_is_removed_where_the_next_is_refused(tmp_path, monkeypatch, kill):
    out = tmp_path / "out.jsonl"
    monkeypatch.setattr(module, "remove_own", kill)
    with pytest.raises(KeyboardInterrupt):
        finish(out)
    assert folder_of(out).is_dir()
    assert out.read_text() == "one"
    monkeypatch.setattr(module, "remove_own", remove_own)
    with pytest.raises(UserError, match="exists already"):
        refuse_existing_output(out, overwrite=False)
    assert [*tmp_path.iterdir()] == [out]


@pytest.mark.parametrize("where", ["before it is joined", "before it takes the name"])
def test_parts_that_will_replace_an_output_stay_when_the_next_is_refused(tmp_path, where):
    out = tmp_path / "out.jsonl"
    out.write_text("the one before")
    with unfinished(out, WHAT, overwrite=True) as parts:
        keep(parts, 0, "one")
        if where == "before it takes the name":
            (parts.folder / "joined").write_text("one")
            (parts.folder / "written").touch()
    with pytest.raises(UserError, match="exists already"):
        refuse_existing_output(out, overwrite=False)
    with unfinished(out, WHAT, overwrite=True) as parts:
        assert parts.done.keys() == {0}
        assert not (parts.folder / "written").exists()


def test_an_output_that_another_process_wrote_since_it_was_looked_for(tmp_path):
    """Nothing is begun, so nothing stays; parts that are to replace it stay."""
    out = tmp_path / "out.jsonl"
    refuse_existing_output(out, overwrite=False)
    out.write_text("of another process")
    with pytest.raises(UserError, match=r"out\.jsonl: exists already"), unfinished(out, WHAT, overwrite=False):
        raise AssertionError("it has begun")
    assert not folder_of(out).exists()
    with unfinished(out, WHAT, overwrite=True) as parts:
        keep(parts, 0, "one")
    with pytest.raises(UserError, match="exists already"), unfinished(out, WHAT, overwrite=False):
        raise AssertionError("it has begun")
    assert parts.path(0).is_file()
