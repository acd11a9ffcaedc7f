"""`commit-llm score`: score answers that were made elsewhere."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse


@dataclass(frozen=True)
class ScoreFile:
    """Score answers that were made elsewhere, by the task's own rules. Scores are 0-100."""

    predictions: Annotated[Path, tyro.conf.Positional]
    """A .jsonl file with `id` and `prediction` a line, one for every question of the task."""
    task: str
    """Name of the task, such as ogx_xquad_el."""
    data_dir: str | None = None
    """Folder with xquad.LANG.json and the official MLQA files. Default: from the hub."""
    json: bool = False
    """Print JSON instead of a table."""


def run(argv: list[str]) -> None:
    command = parse(ScoreFile, "score", argv)
    from commit_llm.cli.text.eval import scores_table
    from commit_llm.evaluate.elsewhere import score_file
    from commit_llm.evaluate.tasks import find_task

    results = {command.task: score_file(command.predictions, find_task(command.task), command.data_dir)}
    if command.json:
        say_json(results)
    else:
        say(scores_table(results))
