"""The whole chain in one go: train, export, evaluate; given again, it goes on with what is not done yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from commit_llm.convert.folder import CONFIG_FILE
from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.single_instruction import single_instruction_template
from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.opened_prompt import open_prompt
from commit_llm.data.prompt_flags import CHAT
from commit_llm.errors import UserError
from commit_llm.evaluate.answers import Answerer, require_answerable
from commit_llm.evaluate.asked import ask
from commit_llm.evaluate.chat_prompts import require_asking, template_for
from commit_llm.evaluate.journal import is_finished
from commit_llm.evaluate.placement import Placement
from commit_llm.evaluate.runner import OnAnswers, evaluate
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task
from commit_llm.files.holder import clear_folder
from commit_llm.files.whole import refuse_existing_folder
from commit_llm.model.execution import compute_dtype
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE
from commit_llm.parallel.processes import SAME_FILES, from_first, is_first, require_same, seen_by_all, together
from commit_llm.recipes import Recipe
from commit_llm.runs.chain import EVALUATION, EXPORT, RUN
from commit_llm.runs.evaluation import RESULTS, Results, read_results
from commit_llm.runs.run import is_run
from commit_llm.train.export import export, is_exported_from, newest_step
from commit_llm.train.lineage import history_of
from commit_llm.train.loop import TrainingResult, train
from commit_llm.train.model_source import ModelSource, open_model
from commit_llm.train.recipe_data import open_recipe_model
from commit_llm.train.stepping import StepReport
from commit_llm.train.weights import load_params
from commit_llm.train.weights_identity import agree_on_weights


@dataclass(frozen=True)
class Chain:
    """Say what the chain did. results: None where no task was named, or training was stopped."""

    trained: TrainingResult
    results: Results | None


def run_chain(
    recipe: Recipe,
    out: Path,
    tasks: Sequence[Task] = (),
    *,
    data_dir: str | None = None,
    limit: int | None = None,
    per_context: Mapping[str, int] | None = None,
    batch_size: int = 8,
    eval_mesh: str = EVERY_DEVICE,
    stop_after_minutes: float | None = None,
    wandb_project: str | None = None,
    on_step: StepReport = lambda step, steps, logged: None,
    on_answers: OnAnswers = lambda task, answered, total: None,
) -> Chain:
    """Train into `out/run`, export to `out/model`, evaluate the export into `out/eval`, on the devices of eval_mesh.

    limit, per_context: as in `evaluate`.

    Questions and mesh are looked at before training, so that a missing file or a mesh that does not fit ends the
    command at once.
    """
    run, exported, evaluation = out / RUN, out / EXPORT, out / EVALUATION
    with together("chain"):
        selections = {task.name: Selection(limit, (per_context or {}).get(task.name)) for task in tasks}
        asked = {task.name: ask(task, data_dir, selections[task.name]).prompts_sha256 for task in tasks}
        if is_first():
            clear_folder(out)
            _require_usable(run, exported, evaluation, asked)
        config = None
        if tasks and recipe.model is not None:
            source = open_recipe_model(recipe, weights=False)
            config = source.config
            require_answerable(config, batch_size, name=source.name)
            require_exported_asks(tasks, recipe, source)
    require_same("evaluation", {f"questions of {name}": prompts for name, prompts in asked.items()}, SAME_FILES)
    with together("answering devices"):  # a section of its own, as in the loop
        if config is not None:
            Placement.of(eval_mesh).require_model(config)
    trained = train(recipe, run, on_step, stop_after_minutes=stop_after_minutes, wandb_project=wandb_project)
    if trained.stopped is not None:
        return Chain(trained, None)
    step = newest_step(run)
    with together("model"):
        missing = is_first() and (not exported.exists() or not any(exported.iterdir()))
        if is_first() and not missing and not is_exported_from(exported, run, step):
            raise UserError(f"{exported}: was not exported from this run's last step; choose another --out")
    if from_first("missing model", missing):
        export(run, exported)
    if not tasks:
        return Chain(trained, None)
    evaluated = is_first() and is_finished(evaluation, RESULTS)
    if from_first("evaluated", evaluated):
        return Chain(trained, read_results(evaluation) if is_first() else {})
    seen_by_all("exported model", lambda: (exported / CONFIG_FILE).is_file(), str(exported))
    results = evaluate_model(
        str(exported),
        tasks,
        evaluation,
        dtype=recipe.dtype,
        data_dir=data_dir,
        limit=limit,
        per_context=per_context,
        batch_size=batch_size,
        eval_mesh=eval_mesh,
        on_answers=on_answers,
    )
    return Chain(trained, results)


def require_exported_asks(tasks: Sequence[Task], recipe: Recipe, source: ModelSource) -> None:
    """Raise UserError where chat tasks could not be asked through the template that an export will have.

    source: the model that the recipe names.
    """
    task = next((task for task in tasks if task.chat), None)
    if task is None:
        return
    template = find_chat_template(source.tokenizer, source.stops, recipe.chat_template)
    if template is None and recipe.form == "instruction" and recipe.prompt != CHAT:
        source.tokenizer.encode_rendered("")  # raises UserError for a tokenizer that has no templates
        prompt = open_prompt(recipe, source.tokenizer, source.stops)
        if single_instruction_template(source.tokenizer, prompt if isinstance(prompt, PromptFile) else None) is None:
            raise UserError(
                f"{task.name}: the export will have no chat template, since none gives the tokens of its training; "
                "take an _instruct_ task"
            )
    else:
        require_asking(task, source.tokenizer, template)


def evaluate_model(
    name: str,
    tasks: Sequence[Task],
    out: Path,
    *,
    dtype: str = "auto",
    data_dir: str | None = None,
    limit: int | None = None,
    per_context: Mapping[str, int] | None = None,
    batch_size: int = 8,
    eval_mesh: str = EVERY_DEVICE,
    on_answers: OnAnswers = lambda task, answered, total: None,
) -> Results:
    """Evaluate a model folder, a hub id or a run."""
    source = open_model(name)
    template_for(tasks, source.tokenizer, source.stops)
    step = agree_on_weights(source).step
    params = load_params(source, step=step)[0]
    model = Answerer.of(source.config, params, source.tokenizer, source.stops, compute_dtype(dtype), eval_mesh)
    return evaluate(
        model,
        tasks,
        out,
        history=history_of(source, step),
        data_dir=data_dir,
        limit=limit,
        per_context=per_context,
        batch_size=batch_size,
        hint=False,
        on_answers=on_answers,
    )


def _require_usable(run: Path, exported: Path, evaluation: Path, asked: dict[str, str]) -> None:
    """Raise UserError where a folder holds something else. asked: the hash of each task's prompts."""
    if not is_run(run):
        for folder in (exported, evaluation):
            refuse_existing_folder(folder, hint=False)
    if not (evaluation / RESULTS).is_file():
        return
    if {task: entry["prompts_sha256"] for task, entry in read_results(evaluation).items()} != asked:
        raise UserError(
            f"{evaluation}: holds an evaluation of other --tasks, --limit, --per-context or data; choose another --out"
        )
