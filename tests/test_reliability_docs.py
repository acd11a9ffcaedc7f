"""Every promise of docs/reliability.md names a test that there is."""

import ast
import re

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
PROMISES = [table.splitlines() for table in PAGE.split("\n\n") if table.startswith("| Promise ")]
LINES = [line for _, _, *lines in PROMISES for line in lines]
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in LINES]
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_a_promise_has_a_test_and_a_figure(row):
    promise, held_by, figure = row
    assert promise
    assert figure
    assert re.search(r"`(tests|benchmarks)/[\w/]+\.py", held_by), held_by


@pytest.mark.parametrize(("file", "test"), sorted(set(TESTS)))
def test_the_test_exists(file, test):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert test in names
