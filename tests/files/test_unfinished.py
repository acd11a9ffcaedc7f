"""Parts of a file under way, after a kill and beside other work."""

import pytest

from commit_llm.errors import UserError
from commit_llm.files.unfinished import folder_of, unfinished

WHAT = {"input": "a" * 64, "ratio": 0.5}


def keep(parts, number, text):
    (parts.folder / "written").write_text(text)
    parts.keep(number, parts.folder / "written", 1, [number])


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


def test_other_work_is_refused_or_begun_anew(tmp_path):
    out = tmp_path / "out.jsonl"
    with unfinished(out, WHAT, overwrite=False) as parts:
        keep(parts, 0, "one")
    other = {**WHAT, "ratio": 0.7, "seed": 1}
    with (
        pytest.raises(UserError, match=r"begun with ratio 0\.5 \(now 0\.7\), seed null \(now 1\); go on with the same"),
        unfinished(out, other, overwrite=False),
    ):
        pass
    with unfinished(out, other, overwrite=True) as parts:
        assert parts.done == {}
    assert not folder_of(out).exists()  # nothing was finished
