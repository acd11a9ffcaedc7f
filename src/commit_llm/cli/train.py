"""`commit-llm train`: train a model by a recipe, or go on with a run."""

from dataclasses import dataclass
from pathlib import Path

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import ALONE, DONE, Processes, of_stop, parse_with_recipe
from commit_llm.errors import UserError
from commit_llm.recipes import Recipe


@dataclass(frozen=True)
class TrainCommand:
    """Train a model by a recipe. With the same --out, an unfinished run resumes.

    RECIPE is a name (`commit-llm recipes` lists them) or a config.yaml; the flags change its fields.
    """

    recipe: Recipe
    out: Path
    """The run's folder: config.yaml, metrics.jsonl, checkpoints."""
    stop_after_minutes: float | None = None
    """Save and stop after this time; the same command resumes."""
    wandb: str | None = None
    """Also log to this Weights & Biases project (extra wandb)."""
    dry_run: bool = False
    """Show what training would see in its first batches: tokens, epochs, mixing, examples left out. Write nothing."""
    json: bool = False
    """With --dry-run: print it as JSON."""
    processes: Processes = ALONE


def run(argv: list[str]) -> int:
    command = parse_with_recipe(TrainCommand, "train", argv)
    if command.json and not command.dry_run:
        raise UserError("--json: goes with --dry-run; the figures of a run are in its metrics.jsonl")
    with command.processes.join():
        return _dry_run(command) if command.dry_run else _train(command)


def _train(command: TrainCommand) -> int:
    from commit_llm.cli.progress import TrainingBar, bars
    from commit_llm.cli.text.train import training_summary
    from commit_llm.parallel.processes import is_first
    from commit_llm.train.loop import train

    with bars(quiet=not is_first()) as bar:
        result = train(
            command.recipe,
            command.out,
            TrainingBar(bar),
            stop_after_minutes=command.stop_after_minutes,
            wandb_project=command.wandb,
        )
    if is_first():
        say(training_summary(command.out, command.recipe.seq_len, result))
        if result.stopped is None:
            say(f"next: commit-llm export {command.out} --out FOLDER")
    return of_stop(result.stopped)


def _dry_run(command: TrainCommand) -> int:
    from commit_llm.cli.text.train import outlook_json, outlook_report
    from commit_llm.parallel.processes import is_first
    from commit_llm.train.dry_run import dry_run

    outlook = dry_run(command.recipe, command.out, wandb_project=command.wandb)
    if is_first():
        if command.json:
            say_json(outlook_json(outlook), indent=None)
        else:
            say(outlook_report(outlook, command.out))
    return DONE
