"""What the task files in `tasks/` call: the documents of a task, and the scores of an answer."""

from pathlib import Path
from typing import Any

from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.scores import normaliser, score
from commit_llm.evaluate.tasks import TASKS, find_task

TASK_FILES = Path(__file__).parent / "tasks"


def load(task: str, data_dir: str | None = None, **settings: Any) -> dict[str, Any]:
    """The data set of a task, for lm-eval's `custom_dataset`; data_dir comes from its `--metadata`.

    settings are what else lm-eval hands over: its metadata and the arguments of the model.
    """
    from datasets import Dataset

    ours = find_task(task)
    rows = [
        {
            "id": item.id,
            "task": task,
            "prompt": ours.prompt(item.context, item.question),
            "references": list(item.references),
        }
        for item in load_questions(ours, data_dir)
    ]
    return {"test": Dataset.from_list(rows)}


def process_results(document: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Exact match and F1 of an answer, 0-100, by the task's own rules."""
    _, normalise = normaliser(TASKS[document["task"]])
    scored = score(results[0], document["references"], normalise)
    return {"exact_match": 100 * scored.exact_match, "f1": 100 * scored.f1}


def task_file(name: str) -> str:
    """The text of a task's file."""
    return f"include: _settings\ntask: {name}\ndataset_kwargs:\n  task: {name}\n"
