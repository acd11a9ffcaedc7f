"""A comparison as CSV and as JSON."""

import csv
import dataclasses
import io
import json

import pytest

from commit_llm.report.comparison.machine_readable import as_data, table


def test_csv(compared):
    rows = list(csv.DictReader(io.StringIO(table(compared))))
    assert len(rows) == 3 * 4 * 2
    row = next(row for row in rows if (row["system"], row["language"], row["metric"]) == ("commit", "th", "f1"))
    cell = compared.suites[0].cells["f1"]["commit"]["th"]
    assert float(row["difference_low"]) == pytest.approx(cell.difference.low, rel=1e-5)
    assert row["seeds"] == "3"
    assert next(row for row in rows if row["system"] == "alpaca")["difference"] == ""


def test_json(compared):
    data = json.loads(json.dumps(as_data(compared), allow_nan=False))
    found = data["suites"]["ogx_xquad"]["scores"]["f1"]["commit"]["mean"]
    assert found["difference"]["value"] == compared.suites[0].cells["f1"]["commit"]["mean"].difference.value
    assert len(data["signatures"]) == 7 * 3


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_no_name_is_a_formula_of_a_spreadsheet(compared, name):
    first, *others = compared.systems
    suite = compared.suites[0]
    cells = {
        metric: {name if system == first.name else system: of_system for system, of_system in systems.items()}
        for metric, systems in suite.cells.items()
    }
    renamed = dataclasses.replace(
        compared,
        systems=(dataclasses.replace(first, name=name), *others),
        suites=(dataclasses.replace(suite, cells=cells),),
    )
    rows = list(csv.DictReader(io.StringIO(table(renamed))))
    assert {row["system"] for row in rows} == {f"'{name}", *(system.name for system in others)}
    numbers = {value for row in rows for key, value in row.items() if key not in ("system", "suite", "language")}
    assert not any(value.startswith(("=", "+", "@")) for value in numbers)
