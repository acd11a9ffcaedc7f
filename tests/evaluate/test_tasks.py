"""The table of tasks: names and suites."""

from pathlib import Path

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import TASKS, find_task, split_tasks


def test_unknown_task_offers_the_nearest():
    with pytest.raises(UserError, match="no task 'ogx_squad_el'; near it are ogx_xquad_el"):
        find_task("ogx_squad_el")


def test_tasks_of_a_suite_differ_in_language_alone():
    suites = {}
    for task in TASKS.values():
        suites.setdefault(task.suite, []).append(task)
    assert {suite: len(tasks) for suite, tasks in suites.items()} == {
        "ogx_xquad": 12, "ogx_xquad_en": 3, "ogx_mlqa": 7, "ogx_mlqa_en": 1, "ogx_mlqa_val": 1, "ogx_mlqa_en_val": 1,
        "xquad_instruct": 12, "mlqa_instruct": 7, "xquad_chat": 12, "mlqa_chat": 7, "xquad_rank": 12,
    }  # fmt: skip
    assert {task.name for task in suites["ogx_xquad_en"]} == {"ogx_xquad_enhi", "ogx_xquad_enel", "ogx_xquad_enth"}
    for tasks in suites.values():
        assert len({task.language for task in tasks}) == len(tasks)
        assert (
            len({(task.dataset, task.split, task.labels if task.as_tuned else "", task.version) for task in tasks}) == 1
        )


def test_the_message_of_a_chat_task():
    """The exact one of docs/evaluation.md; another message needs another version."""
    task = find_task("mlqa_chat_hi")
    page = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
    assert f"```text\n{task.prompt('CONTEXT', 'QUESTION')}\n```" in page
    assert (task.version, task.as_tuned, task.chat) == (1.0, True, True)
    assert task.prompt("Anna lives in Athens.", "Where does {Anna} live?") == (
        "Answer the question about the text in a few words copied from the text. Write nothing else.\n\n"
        "Text: Anna lives in Athens.\n\n"
        "Question: Where does {Anna} live?"
    )


@pytest.mark.parametrize("name", ["xquad_chat_xx", "mlqa_chat_el", "xquad_chat"])
def test_no_such_chat_task_is_looked_for_in_lm_eval(name):
    with pytest.raises(UserError, match=f"no task '{name}'; near it are .*_chat_"):
        split_tasks(["xquad_chat_el", name])
