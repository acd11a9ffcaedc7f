"""Work shared among processes, in order."""

import subprocess
import sys

import pytest

from commit_llm.files.workers import map_in_order


def prepare():
    return str.upper


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers):
    items = [f"item {number}" for number in range(7)]
    assert list(map_in_order(prepare, items, workers)) == [(item, item.upper()) for item in items]


def test_few_items_are_read_ahead():
    read = []

    def items():
        for number in range(99):
            read.append(number)
            yield str(number)

    results = map_in_order(prepare, items(), 1)
    next(results)
    assert len(read) == 1
    results.close()


@pytest.mark.slow
def test_workers_run_no_code_of_the_current_folder(tmp_path):
    """As the console script does, the parent itself does not look there."""
    for name in ("multiprocessing", "random", "signal", "numpy"):
        (tmp_path / f"{name}.py").write_text("open('was-run', 'w').close()")
    program = tmp_path / "elsewhere" / "program.py"
    program.parent.mkdir()
    program.write_text(
        "from commit_llm.files.workers import map_in_order\n"
        "def prepare():\n"
        "    return str.upper\n"
        "if __name__ == '__main__':\n"
        "    print([result for _, result in map_in_order(prepare, ['a', 'b', 'c'], 2)])\n"
    )
    process = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert process.stdout == "['A', 'B', 'C']\n"
    assert not (tmp_path / "was-run").exists()
