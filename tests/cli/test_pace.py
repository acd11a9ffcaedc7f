"""How long the rest takes, by what is finished."""

import pytest

from commit_llm.cli.pace import Pace

# (seconds, how much is done then), and the seconds left of 100 after that.
COURSES = {
    "nothing is finished": ([(0, 0)], None),
    "only the first, with which all is compiled": ([(0, 0), (300, 1)], None),
    "the second one tells": ([(0, 0), (300, 1), (302, 2)], 98 * 2),
    "a run that goes on": ([(0, 50), (300, 51), (302, 52), (306, 53)], 47 * 3),
    "what stands still is no reading": ([(0, 0), (300, 1), (302, 2), (400, 2)], 98 * 2),
    "several at a time": ([(0, 0), (60, 8), (70, 28)], 72 / 2),
    "the last ten minutes": ([(0, 0), (10, 1), (20, 2), (3000, 3), (3300, 4), (3600, 5)], 95 * 300),
    "all is done": ([(0, 0), (10, 99), (20, 100)], 0),
}


@pytest.mark.parametrize(("course", "left"), COURSES.values(), ids=COURSES)
def test_the_time_left(course, left):
    now = [0.0]
    pace = Pace(lambda: now[0])
    for now[0], done in course:
        pace.reached(done)
    assert pace.seconds_left(100) == left
