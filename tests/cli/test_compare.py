"""`commit-llm compare`: what it prints and writes, and what it says to mistakes."""

import json

import pytest

from tests.report.comparison.evaluations import evaluation


@pytest.fixture
def pair(tmp_path):
    return evaluation(tmp_path / "alpaca", 0.4, 1), evaluation(tmp_path / "commit", 0.9, 2)


def test_compare(run, pair, tmp_path):
    status, out, err = run("compare", *pair, "--out", tmp_path / "out", "--resamples", 500)
    assert (status, err) == (0, "")
    assert "ogx_xquad, exact match" in out
    assert "One seed a side: this is a difference between two checkpoints, not methods." in out
    assert f"wrote {tmp_path / 'out'}: comparison.json, index.html, " in out
    assert out.endswith(f"Open {tmp_path / 'out' / 'index.html'} in a browser.\n")
    status, _, err = run("compare", *pair, "--out", tmp_path / "out")
    assert (status, err.count("\n")) == (2, 1)
    assert "exists already; choose another --out, or add --overwrite" in err
    status, out, _ = run("compare", *pair, "--out", tmp_path / "out", "--resamples", 500, "--json", "--overwrite")
    printed = json.loads(out)
    assert printed == json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    assert printed["baseline"] == "alpaca"


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"limit": 36}, "limit none and 36"), ({"contaminated_contexts": 1}, "--allow-contamination")],
)
def test_nothing_is_left_of_what_cannot_be_compared(run, pair, tmp_path, changes, said):
    other = evaluation(tmp_path / "other", 0.5, 3, **changes)
    status, out, err = run("compare", pair[0], other, "--out", tmp_path / "out")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("commit-llm compare: ")
    assert said in err
    assert not (tmp_path / "out").exists()


def test_no_evaluation_at_all(run, tmp_path):
    status, _, err = run("compare", "--out", tmp_path / "out")
    assert (status, err) == (
        2,
        "commit-llm compare: name at least two evaluation directories to compare, each as [NAME=]DIR\n",
    )
