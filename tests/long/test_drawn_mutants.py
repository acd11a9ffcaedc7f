"""Of thirty faults that cosmic-ray puts into the source, drawn by a seed, at least 24 make a test of their room fail.

python -m pytest -m long tests/long/test_drawn_mutants.py -s        (pip install cosmic-ray; an hour on two cores)
"""

import difflib
import re
import subprocess
import time

import pytest

from tests.architecture.source import SOURCE
from tests.long.copied_source import CopiedSource
from tests.long.drawn_mutants import draw_mutants

pytest.importorskip("cosmic_ray", reason="cosmic-ray is not installed (pip install cosmic-ray)")

SEED, NUMBER, LEAST = 20261128, 30, 24
SLOW = "slow or parity"
SECONDS = 2400  # for the tests of a place


def killed_by(copy, path):
    """Which tests of a file's room notice, the nearest and quickest asked first, and the one that fails; or None."""
    *near, room = copy.tests_near(path)
    for place, marks in (*((place, None) for place in (*near, room)), (room, SLOW)):
        tests = f"{place}, {'slow' if marks else 'quick'}"
        try:
            done = copy.test(place, marks, SECONDS)
        except subprocess.TimeoutExpired:
            return tests, "a loop without an end"
        if done.returncode not in (0, 5):  # 5: there are no such tests
            failed = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - |$)", done.stdout, re.MULTILINE)
            return tests, failed[1] if failed else f"the process, which ended with {done.returncode}"
    return None


def test_most_drawn_faults_are_noticed(tmp_path):
    copy, alive = CopiedSource.in_folder(tmp_path), []
    for mutant in draw_mutants(SEED, NUMBER):
        source = (SOURCE / mutant.path).read_text(encoding="utf-8")
        fault = mutant.of(source)
        began = time.monotonic()
        with copy.with_fault(mutant.path, fault):
            killer = killed_by(copy, mutant.path)
        told = f"killed by {' '.join(killer)}" if killer else "LIVES"
        print(f"{mutant}: {told} in {time.monotonic() - began:.0f} s", flush=True)
        if killer is None:
            lines = difflib.unified_diff(source.splitlines(), fault.splitlines(), lineterm="", n=0)
            print(*[line for line in lines if line[:2] not in ("--", "++", "@@")], sep="\n", flush=True)
            alive.append(mutant)
        elif "::" in killer[1]:  # which passes without the fault
            sound = copy.test(killer[1], "slow or not slow")
            assert sound.returncode == 0, sound.stdout[-3000:]
    assert NUMBER - len(alive) >= LEAST, [*map(str, alive)]
