"""`commit-llm tasks`: the evaluation tasks."""

import dataclasses
import json
from dataclasses import dataclass

from commit_llm.cli.parse import parse
from commit_llm.evaluate.tasks import TASKS


@dataclass(frozen=True)
class Tasks:
    """List the evaluation tasks: data set, language of the text, language of the labels, split."""

    path: bool = False
    """Print the folder of task files for lm-eval: `lm_eval --include_path $(commit-llm tasks --path)`."""
    json: bool = False
    """Print JSON."""


def run(argv: list[str]) -> None:
    command = parse(Tasks, "tasks", argv)
    if command.path:
        from commit_llm.evaluate.harness.documents import TASK_FILES

        print(TASK_FILES)
        return
    if command.json:
        print(json.dumps([dataclasses.asdict(task) for task in TASKS.values()], indent=2))
        return
    width = max(map(len, TASKS))
    print(f"{'task':<{width}}  data   text  labels  split")
    for task in TASKS.values():
        print(f"{task.name:<{width}}  {task.dataset:<5}  {task.language:<4}  {task.labels:<6}  {task.split}")
