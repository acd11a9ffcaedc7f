"""Each fault of `mutants.py`, put into a copy of the source, makes a quick test of its room fail."""

import pytest

from tests.architecture.source import FILES, inside, room_of
from tests.long.copied_source import CopiedSource
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
    return CopiedSource.in_folder(tmp_path_factory.mktemp("mutants"))


@pytest.fixture(scope="module")
def sound_rooms():
    """Rooms whose tests pass on the copy as it is."""
    return set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.source[:50])
def test_a_fault_is_noticed(mutant, copy, sound_rooms):
    path = place_of(mutant)
    room = room_of(path)
    if room not in sound_rooms:
        outcome = copy.test(room)
        assert outcome.returncode == 0, outcome.stdout[-3000:]
        sound_rooms.add(room)
    text = path.read_text(encoding="utf-8")
    with copy.with_fault(inside(path), text.replace(mutant.source, mutant.fault)):
        outcome = copy.test(room)
    assert outcome.returncode == 1, f"{inside(path)}: no test failed with {mutant.fault!r}\n{outcome.stdout[-2000:]}"
