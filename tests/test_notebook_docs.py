"""docs/notebook.md: its cells run, on what a run and two evaluations write, and print what the page says."""

import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.asked import ask
from commit_llm.evaluate.contamination import contamination
from commit_llm.evaluate.results import context_rows
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import find_task
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, write_lines, write_results
from commit_llm.runs.history import UNKNOWN
from commit_llm.runs.run import HELD_OUT, METRICS, TIMING
from commit_llm.train.watch import HeldOut, Logged
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "notebook.md").read_text(encoding="utf-8")
CELLS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
TASKS = ("xquad_instruct_el", "xquad_instruct_en")
PRINTED = re.findall(r"^```text\n(.*?)\n```", PAGE, re.M | re.S)


def run(cells, names):
    for cell in cells:
        exec(compile(cell, "docs/notebook.md", "exec"), names)
    return names


def of_section(title):
    """Give the cells of a section."""
    return re.findall(r"^```python\n(.*?)^```", PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0], re.M | re.S)


def test_mixing_a_data_frame():
    names = run(of_section("Mix a data frame"), {})
    assert [names[frame].to_string() for frame in ("mixed", "stayed")] == PRINTED
    assert f"{names['total'].replaced} of {names['total'].words} words" in CELLS[2]
    assert names["share"] == 11 / 16


def write_evaluation(folder, data_dir, answer):
    """Write what `eval` writes of two questions of two tasks. answer: makes one of a question."""
    folder.mkdir()
    results, predictions, contexts = {}, [], []
    for name in TASKS:
        asked = ask(find_task(name), data_dir, Selection(limit=2, per_context=None))
        replies = {place: Answer(answer(question), False, "stop") for place, question in enumerate(asked.questions)}
        contaminated = contamination(asked.task, asked.questions, UNKNOWN.documents)
        results[name], rows = asked.results(replies, {"decoding": "given"}, contaminated)
        predictions += rows
        contexts += context_rows(asked.task, asked.questions)
    write_lines(folder / PREDICTIONS, predictions)
    write_lines(folder / CONTEXTS, contexts)
    write_results(folder / RESULTS, results, {})


@pytest.fixture
def folders(example, tmp_path, monkeypatch):
    """What the page names: a run, and two evaluations, of which one answers every question right."""
    monkeypatch.chdir(tmp_path)
    run_folder = tmp_path / "greek"
    run_folder.mkdir()
    steps = range(10, 50, 10)
    logged = [Logged(step, 50 / step, 0.5, 1e-4, 1.0, 100 * step) for step in steps]
    write_lines(run_folder / METRICS, [line._asdict() for line in logged])
    write_lines(run_folder / HELD_OUT, [HeldOut(step, 60 / step, 0.4)._asdict() for step in (20, 40)])
    timing = [
        {"step": step, "seconds": 1.0, "tokens_per_second": 1000.0 - step, "waiting_seconds": 0} for step in steps
    ]
    write_lines(run_folder / TIMING, timing)
    write_evaluation(tmp_path / "greek-eval", str(example), lambda question: question.references[0])
    write_evaluation(tmp_path / "alpaca-eval", str(example), lambda question: "nobody knows")
    mpl.use("Agg")
    yield
    plt.close("all")


def test_metrics(folders):
    names = run(of_section("A run's metrics"), {"pd": pd})
    assert list(names["metrics"].index) == [10, 20, 30, 40]
    assert list(names["loss"]["training"]) == pytest.approx([5, 2.5, 5 / 3, 1.25])
    assert list(names["loss"]["held out"].dropna()) == [3.0, 1.5]
    assert list(names["slowest"].index) == [40, 30, 20]
    assert [line.get_label() for line in plt.gca().lines] == ["training", "held out"]


def test_answers(folders):
    names = run(of_section("An evaluation's answers"), {"pd": pd})
    assert names["scores"].to_dict("index") == {name: {"exact_match": 100.0, "f1": 100.0, "items": 2} for name in TASKS}
    assert list(names["answers"]["task"]) == [TASKS[0]] * 2 + [TASKS[1]] * 2
    assert names["answers"]["context"].str.len().min() > 20
    assert len(names["wrong"]) == 0
    assert list(names["gained"]["prediction_baseline"]) == ["nobody knows"] * 4


def test_polars(folders):
    names = run(of_section("The same with Polars"), {})
    assert names["metrics"]["step"].to_list() == [10, 20, 30, 40]
    assert sorted(names["by_task"].rows()) == [(name, 100.0, 100.0, 2) for name in sorted(TASKS)]
