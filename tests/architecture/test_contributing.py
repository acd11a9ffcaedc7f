"""CONTRIBUTING says what the tests hold: the table of imports is theirs, and its picture names every room."""

import re

from tests.architecture.source import FILES, room_of
from tests.architecture.test_imports import MAY_IMPORT
from tests.conftest import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_table_of_imports_is_the_one_that_is_held():
    rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|$", PAGE, flags=re.MULTILINE)
    assert {room: set(re.findall(r"`(\w+)`", cell)) for room, cell in rows} == {
        room: rooms for room, rooms in MAY_IMPORT.items() if room != "errors"
    }


def test_the_picture_names_every_room():
    picture = PAGE.split("```")[3]
    rooms = {room_of(path) for path in FILES} - {"__init__", "__main__"}
    assert {room for room in rooms if not re.search(rf"\b{room}(/|\.py)", picture)} == set()
