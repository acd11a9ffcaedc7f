"""What the task files in `tasks/` call, by this module's name: the questions of a task, and the scores of an answer.

A task that ranks has no file: its two prompts a question and its candidates are no task of lm-eval's.

`python -m commit_llm.evaluate.harness.documents` prints the folder of the files.
"""

from pathlib import Path
from typing import Any

from commit_llm.evaluate.answer_text import first_line
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.scores import normaliser, score
from commit_llm.evaluate.tasks import TASKS, find_task

TASK_FILES = Path(__file__).parent / "tasks"


def load(task: str, data_dir: str | None = None, **settings: Any) -> dict[str, Any]:
    """Load the data set of a task, for lm-eval's `custom_dataset`.

    data_dir: from lm-eval's `--metadata`.
    settings: what else lm-eval hands over, which is its metadata and the arguments of the model.
    """
    from datasets import Dataset

    asked = find_task(task)
    rows = [
        {
            "id": item.id,
            "task": task,
            "context": item.context,
            "question": item.question,
            "prompt": asked.prompt(item.context, item.question),
            "references": list(item.references),
        }
        for item in load_questions(asked, data_dir)
    ]
    return {"test": Dataset.from_list(rows)}


def process_results(document: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Score an answer by the task's own rules: exact match and F1, 0-100.

    A model of lm-eval's answers a task that asks as the model was tuned with several lines; the first that is not
    blank is the answer.
    """
    task = TASKS[document["task"]]
    _, normalise = normaliser(task)
    scored = score(first_line(results[0]) if task.as_tuned else results[0], document["references"], normalise)
    return {"exact_match": 100 * scored.exact_match, "f1": 100 * scored.f1}


def task_file(name: str) -> str:
    """Write the text of a task's file."""
    task = TASKS[name]
    settings = "_chat_settings" if task.chat else "_instruct_settings" if task.as_tuned else "_settings"
    return f"include: {settings}\ntask: {name}\ndataset_kwargs:\n  task: {name}\n"


if __name__ == "__main__":  # in an environment of lm-eval's, where the command line's libraries are not
    print(TASK_FILES)
