"""The table of tasks: names and suites."""

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import TASKS, find_task


def test_unknown_task_offers_the_nearest():
    with pytest.raises(UserError, match="no task 'ogx_squad_el'; near it are ogx_xquad_el"):
        find_task("ogx_squad_el")


def test_tasks_of_a_suite_differ_in_language_alone():
    suites = {}
    for task in TASKS.values():
        suites.setdefault(task.suite, []).append(task)
    assert {suite: len(tasks) for suite, tasks in suites.items()} == {
        "ogx_xquad": 12, "ogx_xquad_en": 3, "ogx_mlqa": 7, "ogx_mlqa_en": 1, "ogx_mlqa_val": 1, "ogx_mlqa_en_val": 1,
        "xquad_instruct": 12, "mlqa_instruct": 7, "xquad_rank": 12,
    }  # fmt: skip
    assert {task.name for task in suites["ogx_xquad_en"]} == {"ogx_xquad_enhi", "ogx_xquad_enel", "ogx_xquad_enth"}
    for tasks in suites.values():
        assert len({task.language for task in tasks}) == len(tasks)
        assert len({(task.dataset, task.split, task.instruct, task.version) for task in tasks}) == 1
