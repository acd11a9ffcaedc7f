"""One trial of a study: trained stage by stage, exported, evaluated, and its results kept without texts."""

import os
import platform
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax

from commit_llm import __version__
from commit_llm.evaluate.journal import is_finished
from commit_llm.evaluate.runner import OnAnswers
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.holder import clear, remove_folder
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE
from commit_llm.pipeline import evaluate_model, run_chain
from commit_llm.recipes import Recipe
from commit_llm.runs.chain import EVALUATION, EXPORT, RUN
from commit_llm.runs.evaluation import RESULTS
from commit_llm.runs.logs import read_logs
from commit_llm.runs.run import CHECKPOINTS
from commit_llm.study.budget import steps_for, with_sample
from commit_llm.study.finished import write_finished
from commit_llm.study.made_of import Description
from commit_llm.study.study_file import Study
from commit_llm.study.study_folder import ARMS, FINISHED
from commit_llm.study.trials import Trial, per_context_of
from commit_llm.train.loop import train
from commit_llm.train.recipe_data import RecipeData, open_recipe_batches, open_recipe_model
from commit_llm.train.stepping import StepReport
from commit_llm.train.stop import Reason


@dataclass(frozen=True)
class Conduct:
    """Say how a study is carried out. None of it changes its results but by rounding.

    root: the folder that paths of the study begin at.
    finished: a folder of results that were made elsewhere.
    arms: those to do now. Empty: all.
    keep_models: whether checkpoints and exported models stay; those of a study of many arms fill a disk.
    allow_contamination: whether a model may be asked about texts that it was trained on.
    """

    root: Path
    finished: Path | None = None
    arms: tuple[str, ...] = ()
    keep_models: bool = False
    allow_contamination: bool = False
    eval_batch_size: int = 8
    eval_mesh: str = EVERY_DEVICE
    on_step: StepReport = lambda step, steps, logged: None
    on_answers: OnAnswers = lambda task, answered, total: None


def data_dir(study: Study, root: Path) -> str | None:
    """Give the folder of the questions."""
    return None if study.data_dir is None else str(root / study.data_dir)


def dtype_of_untuned(study: Study) -> str:
    """Give the dtype that the untuned model is evaluated in."""
    return (study.fields or {}).get("dtype", "auto")


def open_stage(study: Study, recipe: Recipe, model: str) -> tuple[Recipe, RecipeData]:
    """Open the data of the last stage of an arm, with the sample that is held equal. model: what it starts from."""
    recipe = replace(with_sample(recipe, study.equal), model=model)
    recipe.check()
    return recipe, open_recipe_batches(recipe, open_recipe_model(recipe, weights=False))


@dataclass
class _Clock:
    """Pass on the progress of answers, and measure from the first report on.

    first: the task that is asked first.
    """

    report: OnAnswers
    first: str
    began: float | None = field(default=None)

    def __call__(self, task: str, answered: int, total: int) -> None:
        if self.began is None and task == self.first and answered == 0:
            self.began = time.monotonic()
        self.report(task, answered, total)

    @property
    def seconds(self) -> int | None:
        """Give the seconds since then. None where an evaluation went on that another process had begun."""
        return None if self.began is None else round(time.monotonic() - self.began)


def run_trial(
    study: Study,
    trial: Trial,
    out: Path,
    described: Description,
    how: Conduct,
    minutes_left: Callable[[], float | None],
) -> Reason | None:
    """Do a trial, or go on with it. Gives why it stopped before its end, if it did.

    out: the folder of the study.
    minutes_left: asked before each stage; None where there is no end.

    Raises UserError for what the user got wrong.
    """
    folder = out / ARMS / trial.folder
    folder.mkdir(parents=True, exist_ok=True)
    model, runs = study.model, []
    for number, recipe in enumerate(trial.stages[:-1], 1):
        runs.append(folder / f"stage-{number}")
        trained = train(replace(recipe, model=model), runs[-1], how.on_step, stop_after_minutes=minutes_left())
        if trained.stopped is not None:
            return trained.stopped
        model = str(runs[-1])
    clock = _Clock(how.on_answers, trial.tasks[0])
    tasks = [find_task(name) for name in trial.tasks]
    asked: dict[str, Any] = {
        "data_dir": data_dir(study, how.root), "limit": study.limit, "per_context": per_context_of(study),
        "batch_size": how.eval_batch_size, "eval_mesh": how.eval_mesh, "on_answers": clock,
    }  # fmt: skip
    if trial.stages:
        runs.append(folder / RUN)
        recipe, data = open_stage(study, trial.stages[-1], model)
        if study.equal is not None:
            recipe = replace(recipe, steps=steps_for(data, study.equal))
        chain = run_chain(recipe, folder, tasks, stop_after_minutes=minutes_left(), on_step=how.on_step, **asked)
        if chain.trained.stopped is not None:
            return chain.trained.stopped
    else:
        # A kill came before its results were kept, or they were taken away.
        if is_finished(folder / EVALUATION, RESULTS):
            remove_folder(folder / EVALUATION)
        evaluate_model(model, tasks, folder / EVALUATION, dtype=dtype_of_untuned(study), **asked)
    made = {
        "version": __version__,
        "devices": f"{jax.device_count()} x {jax.devices()[0].device_kind}",
        "processor": processor(),
        "training_seconds": round(sum(line["seconds"] for run in runs for line in read_logs(run).timing.values())),
        "evaluating_seconds": clock.seconds,
    }
    write_finished(folder / EVALUATION, out / FINISHED / trial.folder, described, made)
    if not how.keep_models:
        remove_models(folder)
    return None


def remove_models(folder: Path) -> None:
    """Remove checkpoints and exported models of a trial that is finished. A link in their place goes itself."""
    runs = [folder / RUN, *folder.glob("stage-*")]
    for path in [folder / EXPORT, *(run / CHECKPOINTS for run in runs)]:
        clear(path)  # what a kill left of them
        if path.is_symlink():
            path.unlink()
        elif path.is_dir():
            remove_folder(path)


def processor(information: Path = Path("/proc/cpuinfo")) -> str:
    """Name the processor of this machine and its number of cores, for whoever reads how long a trial took."""
    try:
        names = re.findall(r"^model name\s*: (.+)$", information.read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:  # not Linux
        names = []
    return f"{os.cpu_count()} x {names[0].strip() if names else platform.machine()}"
