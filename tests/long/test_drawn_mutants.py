"""Of thirty faults that cosmic-ray puts into the source, drawn by a seed, at least 24 make a test of their room fail.

python -m pytest -m long tests/long/test_drawn_mutants.py -s        (pip install cosmic-ray; an hour on two cores)
"""

import difflib
import subprocess
import time

import pytest

from tests.architecture.source import SOURCE
from tests.long.copied_source import CopiedSource
from tests.long.drawn_mutants import draw_mutants

pytest.importorskip("cosmic_ray", reason="cosmic-ray is not installed (pip install cosmic-ray)")

SEED, NUMBER, LEAST = 20261128, 30, 24
SLOW = "slow or parity"
SECONDS = 2400  # for the tests of a room


def killed_by(copy, room):
    """Which of a room's tests notice: the quick ones, or the others; None where none does."""
    for tier, marks in (("quick", None), ("slow", SLOW)):
        try:
            status = copy.test(room, marks, SECONDS).returncode
        except subprocess.TimeoutExpired:  # a loop without an end
            return tier
        if status not in (0, 5):  # 5: there are no such tests
            return tier
    return None


def test_most_drawn_faults_are_noticed(tmp_path):
    copy, alive = CopiedSource.in_folder(tmp_path), []
    for mutant in draw_mutants(SEED, NUMBER):
        room = mutant.path.split("/")[0]
        source = (SOURCE / mutant.path).read_text(encoding="utf-8")
        fault = mutant.of(source)
        began = time.monotonic()
        with copy.with_fault(mutant.path, fault):
            tier = killed_by(copy, room)
        print(
            f"{mutant}: {f'killed by {tier} tests' if tier else 'LIVES'} in {time.monotonic() - began:.0f} s",
            flush=True,
        )
        if tier is None:
            lines = difflib.unified_diff(source.splitlines(), fault.splitlines(), lineterm="", n=0)
            print(*[line for line in lines if line[:2] not in ("--", "++", "@@")], sep="\n", flush=True)
            alive.append(mutant)
    assert NUMBER - len(alive) >= LEAST, [*map(str, alive)]
