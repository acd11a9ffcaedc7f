"""The whole chain in one go: train, export, evaluate; given again, it goes on with what is not done yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.runner import Report as EvaluationReport
from commit_llm.evaluate.runner import Results, evaluate, read_results
from commit_llm.evaluate.tasks import Task
from commit_llm.model.precision import compute_dtype
from commit_llm.train.export import export
from commit_llm.train.loop import Outcome, train
from commit_llm.train.loop import Report as TrainingReport
from commit_llm.train.recipes import Recipe
from commit_llm.train.weights import load_params, open_model

RUN, MODEL, EVALUATION = "run", "model", "eval"


@dataclass(frozen=True)
class Chain:
    """What the chain did. results is None where no task was asked for, or training was stopped."""

    outcome: Outcome
    results: Results | None


def run_chain(
    recipe: Recipe,
    out: Path,
    tasks: Sequence[Task] = (),
    *,
    data_dir: str | None = None,
    limit: int | None = None,
    batch_size: int = 8,
    stop_after_minutes: float | None = None,
    wandb_project: str | None = None,
    on_step: TrainingReport = lambda step, steps, logged: None,
    on_answers: EvaluationReport = lambda task, done, total: None,
) -> Chain:
    """Train into `out/run`, export to `out/model`, evaluate the export into `out/eval`.

    The questions are read before training, so that a missing file is told at once.
    """
    for task in tasks:
        load_questions(task, data_dir, limit)
    if (out / EVALUATION).exists():
        _require_same_evaluation(out / EVALUATION, tasks, limit)
    outcome = train(recipe, out / RUN, on_step, stop_after_minutes=stop_after_minutes, wandb_project=wandb_project)
    if outcome.stopped is not None:
        return Chain(outcome, None)
    if not (out / MODEL).exists():
        export(out / RUN, out / MODEL)
    if not tasks:
        return Chain(outcome, None)
    if (out / EVALUATION).exists():
        return Chain(outcome, read_results(out / EVALUATION))
    source = open_model(str(out / MODEL))
    model = Answerer(source.config, load_params(source)[0], source.tokenizer, compute_dtype(recipe.dtype))
    results = evaluate(
        model, tasks, out / EVALUATION, data_dir=data_dir, limit=limit, batch_size=batch_size, report=on_answers
    )
    return Chain(outcome, results)


def _require_same_evaluation(folder: Path, tasks: Sequence[Task], limit: int | None) -> None:
    held = read_results(folder)
    if {name: result["limit"] for name, result in held.items()} != {task.name: limit for task in tasks}:
        raise UserError(f"{folder}: holds an evaluation with other --tasks or another --limit; choose another --out")
