"""Faults drawn by a seed, of every kind at every stage: `python -m pytest -m long tests/faults --long-seed 1`.

Fault 17 of it comes again by its name: `tests/faults/test_drawn.py::test_fault[017]`, with the same seed.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.faults.disturb import KINDS
from tests.faults.stages import stages

NAMES = (
    "fetch", "quickstart", "mix", "train", "checkpoint", "export", "eval", "generate", "compare", "study", "import",
    "extend", "run",
)  # fmt: skip
CELLS = [(name, kind) for kind in KINDS for name in NAMES]


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(metafunc.config.getoption("faults")), ids=lambda number: f"{number:03}")


@pytest.mark.long
@pytest.mark.filterwarnings("default")
def test_fault(suite, outcomes, seed, tmp_path, number):
    """A pass through the table after another, each in an order of its own, so that all cells have as many."""
    order = np.random.default_rng((seed, number // len(CELLS))).permutation(len(CELLS))
    name, kind = CELLS[order[number % len(CELLS)]]
    print(f"--long-seed {seed}, fault {number}: {name}, {kind}")
    (tmp_path / "work").mkdir()
    outcome = suite.disturb(name, kind, np.random.default_rng((seed, number, 1)), tmp_path / "work")
    print(outcome)
    outcomes.append(outcome)


def test_every_stage_is_drawn():
    assert list(stages(Path("world"), Path("made"), "http://here", lambda run: None)) == list(NAMES)
