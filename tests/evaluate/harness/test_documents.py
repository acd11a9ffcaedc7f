"""Our task files for lm-eval: those of the table, scored by its rules."""

import pytest

from commit_llm.evaluate.harness.documents import TASK_FILES, process_results, task_file
from commit_llm.evaluate.tasks import TASK_VERSION, TASKS

pytestmark = pytest.mark.filterwarnings("ignore")  # those of lm-eval


def test_the_task_files_are_those_of_the_table():
    files = {path.name: path.read_text() for path in TASK_FILES.glob("*.yaml")}
    assert files == {f"{name}.yaml": task_file(name) for name in TASKS}


def test_the_version_of_the_tasks_is_one():
    assert f"metadata:\n  version: {TASK_VERSION}\n" in (TASK_FILES / "_settings").read_text()


def test_scores_of_a_document_are_the_tasks_own():
    document = {"task": "ogx_mlqa_de", "references": ["der Hund"]}
    assert process_results(document, ["ein Hund"]) == {"exact_match": 100.0, "f1": 100.0}
    assert process_results(document | {"task": "ogx_xquad_de"}, ["ein Hund"]) == {"exact_match": 0.0, "f1": 50.0}
