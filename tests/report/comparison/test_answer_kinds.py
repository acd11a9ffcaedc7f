"""In which language systems answer, and how many answers stand in their context: averaged, noted, shown everywhere."""

import csv
import io
import json

import pytest
from rich.console import Console

from commit_llm.report.comparison.comparison_page import comparison_page
from commit_llm.report.comparison.comparison_terminal import show
from commit_llm.report.comparison.machine_readable import as_data, table
from commit_llm.report.comparison.markup import markdown
from commit_llm.runs.answer_shares import AnswerShares
from tests.report.comparison.evaluations import change, compare, evaluation

IDENTIFIED = {"target": 40.0, "english": 10.0, "other": 0.0, "unknown": 50.0, "items": 36}
BY_LETTERS = {"target": 90.0, "latin": 6.0, "mixed": 4.0, "neutral": 0.0, "items": 36}
ENGLISH = {"target": 70.0, "other": 5.0, "unknown": 25.0, "items": 36}


def with_figures(folder, seed, identifier="py3langid 0.4.0", **figures):
    """An evaluation in Greek, Spanish and English that has the new figures of its answers."""
    evaluation(folder, 0.5, seed, languages=("el", "es", "en"), in_context=figures.pop("in_context", 28.0))

    def edit(content):
        for entry in content["tasks"].values():
            entry["answer_language"] = {"el": BY_LETTERS, "en": ENGLISH}.get(entry["language"], IDENTIFIED) | figures
            if entry["language"] != "el":
                entry["language_identifier"] = identifier

    change(folder, edit)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    runs = [
        f"one={with_figures(folder / 'a', 0)}",
        f"one={with_figures(folder / 'b', 1, target=60.0, in_context=30.0)}",
    ]
    return compare(*runs, f"two={with_figures(folder / 'c', 2)}")


def test_runs_of_a_system_are_averaged(made):
    (suite,) = made.suites
    assert suite.answered_in["one"] == {
        "el": AnswerShares(75.0, 6.0, 4.0, 0.0, True),
        "es": AnswerShares(50.0, 10.0, 0.0, 50.0, False),
        "en": AnswerShares(65.0, None, 5.0, 25.0, False),
    }
    assert suite.in_context == {"one": dict.fromkeys(("el", "es", "en"), 29.0), "two": dict.fromkeys(
        ("el", "es", "en"), 28.0
    )}  # fmt: skip
    assert not any("identifier" in note or "languages of answers" in note for note in made.notes)


def test_they_are_shown_everywhere(made):
    console = Console(width=90, file=io.StringIO())
    show(made, console)
    lines = [line.split() for line in console.file.getvalue().splitlines()]
    for line in ("el one 75 6 4 0", "es one 50 10 0 50", "two 40 10 0 50", "en one 65 - 5 25", "en one 29"):
        assert line.split() in lines
    kinds = "answered in the language / in English / in another / unknown"
    text = markdown(made)
    assert f"### {kinds} (percent)" in text
    assert "| one | 75.0 / 6.0 / 4.0 / 0.0 | 50.0 / 10.0 / 0.0 / 50.0 | 65.0 / - / 5.0 / 25.0 |" in text
    assert "### answers that stand in the context (percent)" in text
    assert "| one | 29.0 | 29.0 | 29.0 |" in text
    page = comparison_page(made, {}, {"ogx_xquad": ()})
    assert "<h3>Answers that stand in the context</h3>" in page
    assert "<td class='number' data-value='75.000000'>75.0 / 6.0 / 4.0 / 0.0</td>" in page
    suite = json.loads(json.dumps(as_data(made), allow_nan=False))["suites"]["ogx_xquad"]
    assert suite["answer_language"]["one"]["en"] == {"target": 65.0, "english": None, "other": 5.0, "unknown": 25.0}
    assert suite["in_context"]["two"]["es"] == 28.0
    rows = {(row["system"], row["language"], row["metric"]): row for row in csv.DictReader(io.StringIO(table(made)))}
    assert rows["one", "es", "answer_language_english"]["score"] == "10"
    assert rows["one", "es", "in_context"] == {
        **dict.fromkeys(rows["one", "es", "in_context"], ""), "suite": "ogx_xquad", "system": "one", "seeds": "2",
        "language": "es", "metric": "in_context", "score": "29",
    }  # fmt: skip
    assert ("one", "en", "answer_language_english") not in rows


def test_a_figure_that_one_run_lacks_is_shown_of_none(tmp_path):
    """Results of an earlier version have none; without the identifier there is none in Spanish."""
    new, old = with_figures(tmp_path / "a", 0), evaluation(tmp_path / "b", 0.5, 1, languages=("el", "es", "en"))
    same = with_figures(tmp_path / "d", 2)
    (suite,) = compare(f"one={new}", f"one={old}", f"two={same}").suites
    assert (suite.answered_in, suite.in_context) == ({"one": {}, "two": {}},) * 2
    without = with_figures(tmp_path / "c", 0, None)
    change(without, lambda content: content["tasks"]["ogx_xquad_es"].pop("answer_language"))
    comparison = compare(f"one={new}", f"two={without}")
    assert list(comparison.suites[0].answered_in["one"]) == ["el", "en"]
    assert "answered in the language" in markdown(comparison)


def test_two_identifiers_are_named(tmp_path):
    runs = [
        f"{name}={with_figures(tmp_path / str(seed), seed, f'py3langid {release}')}"
        for seed, (name, release) in enumerate([("one", "0.4.0"), ("one", "0.5.0"), ("two", "0.5.0")])
    ]
    assert (
        "Not all alike: the languages of answers are known by py3langid 0.4.0 (one) and py3langid 0.5.0 (one, two)."
        in (compare(*runs).notes)
    )
