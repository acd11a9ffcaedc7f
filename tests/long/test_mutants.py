"""Each fault of `mutants.py`, put into a copy of the source, makes a quick test of its room fail."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.architecture.source import FILES, inside, room_of
from tests.conftest import ROOT
from tests.long.mutants import MUTANTS


def place_of(mutant):
    """The file, inside the package, that the mutant's piece stands in."""
    places = [path for path in FILES if mutant.source in path.read_text(encoding="utf-8")]
    assert len(places) == 1, (
        f"{mutant.source!r} stands in {[inside(path) for path in places]}; bring its line up to date"
    )
    assert places[0].read_text(encoding="utf-8").count(mutant.source) == 1
    return places[0]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of source and tests."""
    folder = tmp_path_factory.mktemp("mutants")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def quick_tests(copy, room):
    """Run a room's quick tests on the copy until one fails; what pytest said."""
    tests = copy / "tests" / room if (copy / "tests" / room).is_dir() else copy / "tests" / f"test_{room}.py"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(tests)]
    environment = os.environ | {"PYTHONPATH": str(copy / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def sound_rooms():
    """Rooms whose tests pass on the copy as it is."""
    return set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.source[:50])
def test_a_fault_is_noticed(mutant, copy, sound_rooms):
    path = place_of(mutant)
    room = room_of(path)
    if room not in sound_rooms:
        outcome = quick_tests(copy, room)
        assert outcome.returncode == 0, outcome.stdout[-3000:]
        sound_rooms.add(room)
    target = copy / "src" / "commit_llm" / inside(path)
    text = target.read_text(encoding="utf-8")
    target.write_text(text.replace(mutant.source, mutant.fault), encoding="utf-8")
    try:
        outcome = quick_tests(copy, room)
    finally:
        target.write_text(text, encoding="utf-8")
    assert outcome.returncode == 1, f"{inside(path)}: no test failed with {mutant.fault!r}\n{outcome.stdout[-2000:]}"
