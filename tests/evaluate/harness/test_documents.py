"""Our task files for lm-eval: those of the table, scored by its rules."""

import subprocess
import sys

import pytest

from commit_llm.evaluate.harness.documents import TASK_FILES, process_results, task_file
from commit_llm.evaluate.tasks import CHAT_VERSION, INSTRUCT_VERSION, REFERENCE_VERSION, TASKS

pytestmark = pytest.mark.filterwarnings("ignore")  # those of lm-eval


def test_the_task_files_are_those_of_the_table():
    """Those of answers that the model writes; the tasks that rank are ours alone."""
    files = {path.name: path.read_text() for path in TASK_FILES.glob("*.yaml")}
    written = [name for name, task in TASKS.items() if not task.ranked]
    assert files == {f"{name}.yaml": task_file(name) for name in written}


def test_the_versions_of_the_tasks_are_the_tables():
    versions = {
        "_settings": REFERENCE_VERSION,
        "_instruct_settings": INSTRUCT_VERSION,
        "_chat_settings": CHAT_VERSION,
    }
    for name, version in versions.items():
        assert f"metadata:\n  version: {version}\n" in (TASK_FILES / name).read_text()


def test_scores_of_a_document_are_the_tasks_own():
    document = {"task": "ogx_mlqa_de", "references": ["der Hund"]}
    assert process_results(document, ["ein Hund"]) == {"exact_match": 100.0, "f1": 100.0}
    assert process_results(document | {"task": "ogx_xquad_de"}, ["ein Hund"]) == {"exact_match": 0.0, "f1": 50.0}


@pytest.mark.parametrize("text", ["der Hund\noder die Katze", "\n \n der Hund\n", "der Hund"])
def test_the_first_line_that_is_not_blank_is_the_answer_of_a_task_of_ours(text):
    document = {"task": "mlqa_instruct_de", "references": ["der Hund"]}
    for name in ("mlqa_instruct_de", "mlqa_chat_de"):
        assert process_results(document | {"task": name}, [text])["exact_match"] == 100
    of_the_papers = process_results(document | {"task": "ogx_mlqa_de"}, [text])["exact_match"]
    assert of_the_papers == (0 if "Katze" in text else 100)  # lm-eval has cut these at the first newline


def test_what_lm_eval_reads():
    """Version and stops of each kind of tasks, through its own loader of included files."""
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(TASK_FILES), include_defaults=False)
    kinds = (("ogx_xquad_el", 1.0, ["\n"]), ("xquad_instruct_el", 2.0, []), ("mlqa_chat_hi", 1.0, []))
    for name, version, until in kinds:
        task = manager.task_index[name].cfg
        assert task["metadata"]["version"] == version
        assert task["generation_kwargs"] == {"until": until, "do_sample": False, "max_gen_toks": 256}


def test_an_environment_of_lm_eval_s_needs_nothing_more():
    """docs/after-export.md: commit-llm beside lm-eval, installed without what it depends on."""
    brought = {"datasets", "jinja2", "markupsafe", "numpy", "pyarrow", "yaml"}  # by lm-eval
    code = f"import runpy, sys\nrunpy.run_module({task_file.__module__!r}, run_name='__main__')\n"
    code += "print(*{name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    folder, imported = process.stdout.splitlines()
    assert folder == str(TASK_FILES)
    ours = {name for name in imported.split() if not name.startswith("_")} - {"commit_llm"}
    assert ours <= brought
