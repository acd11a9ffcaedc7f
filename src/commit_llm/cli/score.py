"""`commit-llm score`: score answers that were made elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError


@dataclass(frozen=True)
class ScoreFile:
    """Score answers that another program wrote, by the task's own rules. Scores are 0-100."""

    predictions: Annotated[Path, tyro.conf.Positional]
    """A .jsonl file with `id` and `prediction` a line, one for every question."""
    task: str | None = None
    """Name of the task, such as ogx_xquad_el."""
    questions: Path | None = None
    """Your own questions in place of a task, as in `eval`."""
    language: str | None = None
    """With --questions: the code of their language, such as el."""
    prompt: str | None = None
    """With --questions: the prompt that asked them, as in `eval --prompts-only`. Default: alpaca."""
    data_dir: str | None = None
    """Folder with xquad.LANG.json and the official MLQA files. Default: from the hub."""
    json: bool = False
    """Print JSON instead of a table."""


def run(argv: list[str]) -> None:
    command = parse(ScoreFile, "score", argv)
    from commit_llm.cli.text.eval import scores_table
    from commit_llm.evaluate.elsewhere import score_file
    from commit_llm.evaluate.own_questions import own_task_without_model, require_with_questions
    from commit_llm.evaluate.tasks import find_task

    require_with_questions(command.questions, command.language, command.prompt)
    if (command.task is None) == (command.questions is None):
        raise UserError("name either --task, or your own questions with --questions FILE --language CODE")
    if command.questions is not None:
        task = own_task_without_model(command.questions, command.language, command.prompt)
    else:
        task = find_task(command.task or "")
    results = {task.name: score_file(command.predictions, task, command.data_dir)}
    if command.json:
        say_json(results)
    else:
        say(scores_table(results))
