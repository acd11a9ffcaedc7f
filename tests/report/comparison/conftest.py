"""Evaluations compared, for the tests of every way to show them; and two that a test may spoil."""

import pytest

from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import AWKWARD, LANGUAGES, compare, evaluation, with_ranks


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Two systems of three seeds, one of one."""
    folder = tmp_path_factory.mktemp("evaluations")
    arguments = []
    for seed in range(3):
        arguments += [f"alpaca={evaluation(folder / f'a{seed}', 0.4, seed, LANGUAGES)}"]
        arguments += [f"commit={evaluation(folder / f'c{seed}', 0.8, 10 + seed, LANGUAGES)}"]
    return [*arguments, f"{AWKWARD}={evaluation(folder / 'one', 0.4, 20, LANGUAGES)}"]


@pytest.fixture(scope="session")
def compared(folders):
    return compare_systems(read_systems(folders), ComparisonSettings(resamples=500))


@pytest.fixture
def pair(tmp_path):
    return evaluation(tmp_path / "one", 0.5, 1), evaluation(tmp_path / "two", 0.6, 2)


@pytest.fixture(scope="session")
def ranks(tmp_path_factory):
    """Two evaluations that hold tasks that rank and tasks that are answered."""
    folder = tmp_path_factory.mktemp("ranks")
    return [
        with_ranks(evaluation(folder / name, skill, seed), skill, seed)
        for name, skill, seed in (("alpaca", 0.4, 1), ("commit", 0.8, 2))
    ]


@pytest.fixture(scope="session")
def ranked(ranks):
    return compare(*ranks)
