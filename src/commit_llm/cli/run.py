"""`commit-llm run`: train, export and evaluate in one go."""

from dataclasses import dataclass
from pathlib import Path

from commit_llm.cli.lines import say
from commit_llm.cli.parse import ALONE, Processes, of_stop, parse_with_recipe
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE
from commit_llm.recipes import Recipe


@dataclass(frozen=True)
class RunCommand:
    """Train by a recipe, export the model, and evaluate the export. The same command resumes it.

    To align first, train `align` and pass its run directory as --model.
    """

    recipe: Recipe
    out: Path
    """The folder to make: run (the run directory), model (Hugging Face), eval (the evaluation)."""
    tasks: tuple[str, ...] = ()
    """Tasks to evaluate, such as ogx_xquad_el. Default: none."""
    data_dir: str | None = None
    """Folder with xquad.LANG.json and the official MLQA files. Default: from the hub."""
    limit: int | None = None
    """Only the first N questions of each task, in file order."""
    per_context: tuple[str, ...] = ()
    """Only the first N questions of each context: N, or TASK=N for a task. --limit applies afterwards."""
    eval_batch_size: int = 8
    """Questions of full length to answer at a time; more of short ones, in the same memory."""
    eval_mesh: str = EVERY_DEVICE
    """Devices along data, fsdp and tensor for the answers: 1,1,-1 for a model that does not fit one device."""
    stop_after_minutes: float | None = None
    """Save and stop training after this time; the same command resumes."""
    wandb: str | None = None
    """Also log to this Weights & Biases project (extra wandb)."""
    processes: Processes = ALONE


def run(argv: list[str]) -> int:
    command = parse_with_recipe(RunCommand, "run", argv)
    with command.processes.join():
        return _run(command)


def _run(command: RunCommand) -> int:
    from commit_llm.cli.progress import AnswersBar, TrainingBar, bars
    from commit_llm.cli.text.eval import scores_table
    from commit_llm.cli.text.train import training_summary
    from commit_llm.evaluate.selection import read_per_context
    from commit_llm.evaluate.tasks import find_task
    from commit_llm.parallel.processes import is_first
    from commit_llm.pipeline import run_chain
    from commit_llm.runs.chain import EXPORT, RUN

    tasks = [find_task(name) for name in dict.fromkeys(command.tasks)]
    per_context = read_per_context(command.per_context, [task.name for task in tasks])
    with bars(quiet=not is_first()) as bar:
        chain = run_chain(
            command.recipe,
            command.out,
            tasks,
            data_dir=command.data_dir,
            limit=command.limit,
            per_context=per_context,
            batch_size=command.eval_batch_size,
            eval_mesh=command.eval_mesh,
            stop_after_minutes=command.stop_after_minutes,
            wandb_project=command.wandb,
            on_step=TrainingBar(bar),
            on_answers=AnswersBar(bar),
        )
    if not is_first():
        return of_stop(chain.trained.stopped)
    say(training_summary(command.out / RUN, command.recipe.seq_len, chain.trained))
    if chain.trained.stopped is not None:
        return of_stop(chain.trained.stopped)
    say(f"exported to {command.out / EXPORT}")
    if chain.results is not None:
        say(scores_table(chain.results))
    else:
        say("not evaluated: name --tasks to do so")
    return 0
