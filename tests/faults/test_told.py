"""What the suite expects to be told of damage: neither more nor less than the next start can know."""

from pathlib import Path

import pytest

from tests.faults.disturb import what_is_told


@pytest.fixture
def folder(tmp_path):
    parts = tmp_path / ".out.jsonl.unfinished"
    parts.mkdir()
    (parts / "done.jsonl").write_text('{"number": 0, "rows": 1, "crc32": 1}\n')
    (parts / "000000").write_text("one")
    (parts / "000001").write_text("not yet in the list")
    for step in (2, 4, 6):
        checkpoint = tmp_path / "run" / "checkpoints" / str(step)
        (checkpoint / "params" / "d").mkdir(parents=True)
        (checkpoint / "params" / "d" / "a").write_text("weights")
        if step < 6:
            (checkpoint / "manifest.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        (".out.jsonl.unfinished/done.jsonl", "flip", "done.jsonl"),
        (".out.jsonl.unfinished/done.jsonl", "truncate", ""),
        (".out.jsonl.unfinished/what.json", "remove", "nothing says what"),
        (".out.jsonl.unfinished/000000", "remove", "000000"),
        (".out.jsonl.unfinished/000001", "flip", ""),
        ("run/checkpoints/4/params/d/a", "flip", ""),  # there is a newer one
        ("run/checkpoints/6/params/d/a", "flip", ""),  # without a manifest
        ("run/metrics.jsonl", "flip", ""),
    ],
)
def test_what_is_told(folder, name, kind, told):
    assert what_is_told(folder / name, Path(name), kind) == told


def test_of_the_newest_checkpoint_it_is_told(folder):
    (folder / "run" / "checkpoints" / "6" / "manifest.json").write_text("{}")
    name = "run/checkpoints/6/params/d/a"
    assert what_is_told(folder / name, Path(name), "flip") == "the checkpoint of step 6"
