"""The manifest of a checkpoint: what has changed since it was written is named; here with files of no meaning."""

import random

import pytest

from commit_llm.files.whole import write_json
from commit_llm.train import manifest
from commit_llm.train.manifest import MANIFEST, damage, has_manifest, write_manifest

SEED = 28
NAMES = ("params/d/a", "params/_METADATA", "params/ocdbt.process_1/d/b", "optimizer/c", "top")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "8"
    for number, name in enumerate(
        ["params/d/a", "params/_METADATA", "params/ocdbt.process_1/d/b", "optimizer/c", "top"]
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(range(40 + number)))
    write_manifest(folder)
    return folder


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_a_checkpoint_as_it_was_written(folder):
    assert has_manifest(folder)
    assert len(files(folder)) == 6
    assert damage(folder) is None


@pytest.mark.slow
def test_any_bit_of_any_file_and_of_the_manifest_is_noticed(folder):
    generator = random.Random(SEED)
    for path in files(folder):
        bits, message = range(8 * path.stat().st_size), f"{path.relative_to(folder)} has changed since it was written"
        for bit in bits if path.name == MANIFEST else generator.sample(bits, 20):
            flip(path, bit)
            reason = damage(folder)
            assert reason is not None if path.name == MANIFEST else reason == message, bit
            flip(path, bit)
    assert damage(folder) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.unlink(), "params/d/a is missing"),
        (lambda path: path.write_bytes(b"ab"), "params/d/a has 2 bytes, not 40"),
        (lambda path: path.with_name("z").write_bytes(b""), f"params/d/z is not in its {MANIFEST}"),
        (lambda path: (path.unlink(), path.symlink_to("nowhere")), "No such file"),
        (lambda path: (path.unlink(), path.mkdir()), "params/d/a is missing"),
    ],
)
def test_what_is_not_there_or_not_of_it_is_named(folder, change, message):
    change(folder / "params/d/a")
    assert message in damage(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"files": {"a": 1}}', b'{"files": []}', b"[" * 9999])
def test_a_manifest_that_is_none(folder, content):
    (folder / MANIFEST).write_bytes(content)
    assert damage(folder) == f"{MANIFEST} has changed since it was written"


def test_no_manifest_makes_a_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_manifest(tmp_path / "8")
    assert list(tmp_path.iterdir()) == []


def test_without_a_manifest_nothing_is_known(folder):
    (folder / MANIFEST).unlink()
    flip(folder / "top", 3)
    assert not has_manifest(folder)
    assert damage(folder) is None


def test_only_the_items_asked_for_are_looked_at_and_the_files_of_none(folder):
    flip(folder / "optimizer/c", 5)
    (folder / "optimizer/more").write_bytes(b"")
    assert damage(folder, {"params"}) is None
    assert damage(folder, {"optimizer"}) == f"optimizer/more is not in its {MANIFEST}"
    flip(folder / "top", 5)
    assert damage(folder, {"params"}) == "top has changed since it was written"


def test_the_shares_of_the_work_are_the_whole(folder):
    for path in files(folder):
        if path.name != MANIFEST:
            flip(path, 9)
            assert sum(damage(folder, share=share, shares=3) is not None for share in range(3)) == 1
            flip(path, 9)


def test_each_process_sums_up_what_it_wrote(folder, monkeypatch):
    """A file by a process that is not there any more, as in a copied name, is process 0's."""
    (folder / "params/ocdbt.process_7").mkdir()
    (folder / "params/ocdbt.process_7/x").write_bytes(b"")
    own = {}

    def keep(name, value):
        own[manifest.index()] = value
        return []

    monkeypatch.setattr(manifest, "count", lambda: 2)
    monkeypatch.setattr(manifest, "is_first", lambda: False)
    monkeypatch.setattr(manifest, "from_all", keep)
    for process in range(2):
        monkeypatch.setattr(manifest, "index", lambda process=process: process)
        write_manifest(folder)
    assert set(own[1]) == {"params/ocdbt.process_1/d/b"}
    assert set(own[0]) == {"params/d/a", "params/_METADATA", "params/ocdbt.process_7/x", "optimizer/c", "top"}
    write_json(folder / MANIFEST, {"files": dict(sorted((own[0] | own[1]).items()))})
    monkeypatch.undo()
    assert damage(folder) is None
