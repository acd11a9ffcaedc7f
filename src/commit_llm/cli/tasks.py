"""`commit-llm tasks`: the evaluation tasks."""

import dataclasses
from dataclasses import dataclass

from commit_llm.cli.lines import say, say_json
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

        say(str(TASK_FILES))
        return
    if command.json:
        say_json([dataclasses.asdict(task) for task in TASKS.values()])
        return
    width = max(map(len, TASKS))
    say(f"{'task':<{width}}  data   text  labels  split")
    for task in TASKS.values():
        say(f"{task.name:<{width}}  {task.dataset:<5}  {task.language:<4}  {task.labels:<6}  {task.split}")
