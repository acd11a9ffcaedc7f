"""Work shared among processes, in order."""

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
