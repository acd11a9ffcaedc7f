"""Faults drawn for every file that the program reads, round after round: `--long-minutes` says for how long."""

import shutil

import pytest

from tests.fuzz.outcome import require_kept
from tests.fuzz.readers import READERS
from tests.fuzz.test_readers import mutated


def test_faulty_files_are_a_result_or_one_line(rounds, tmp_path):
    """Every reader in its turn: round 0 the first, round 1 the second, and so on. A round has ten faults."""
    names = sorted(READERS)
    valid = {}
    for number, random in rounds:
        name = names[number % len(names)]
        files = valid.setdefault(name, READERS[name].files())
        for fault in range(10):
            seed = int(random.integers(2**32))
            file, faulty = mutated(files, seed)
            around = tmp_path / f"{number} {fault}"
            try:
                require_kept(READERS[name], file, faulty, around)
            except Exception as error:
                pytest.fail(f"{name}, {file}, seed {seed}: {error!r}")
            shutil.rmtree(around)
