"""A study from start to end: trial by trial, what was done before left as it is."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.data.chat.template import find_chat_template
from commit_llm.errors import UserError
from commit_llm.evaluate.asked import ask
from commit_llm.evaluate.chat_prompts import template_for
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.holder import clear
from commit_llm.files.lock import locked
from commit_llm.files.whole import make_folder
from commit_llm.pipeline import require_exported_asks
from commit_llm.study.before_training import require_data
from commit_llm.study.finished import is_finished, read_made, require_results, take_in
from commit_llm.study.made_of import TEMPLATE, made_of, model_hashes
from commit_llm.study.study_file import Study
from commit_llm.study.study_folder import ARMS, FINISHED, begin
from commit_llm.study.trial_run import Conduct, data_dir, dtype_of_untuned, remove_models, run_trial
from commit_llm.study.trials import Trial, per_context_of, trials_of
from commit_llm.train.grown_rows import saving_grown_rows
from commit_llm.train.model_source import ModelSource, open_model
from commit_llm.train.recipe_data import open_recipe_model
from commit_llm.train.stop import Reason


class Progress(NamedTuple):
    """Say how far a study is.

    trial: what begins now. None at the end.
    done, total: trials.
    seconds_left: estimated from those done. None where none was done here.
    """

    trial: Trial | None
    done: int
    total: int
    seconds_left: float | None


def conduct(
    study: Study,
    out: Path,
    how: Conduct,
    *,
    stop_after_minutes: float | None = None,
    on_trial: Callable[[Progress], None] = lambda progress: None,
) -> Reason | None:
    """Do the trials of a study that are not done yet. Gives why it stopped before the end, if it did.

    Raises UserError for what the user got wrong, as far as possible before the first trial.
    """
    deadline = None if stop_after_minutes is None else time.monotonic() + 60 * stop_after_minutes

    def minutes_left() -> float | None:
        return None if deadline is None else max(0.0, deadline - time.monotonic()) / 60

    trials = _chosen(trials_of(study, how.root), how.arms)
    asked = {name: asked_of(study, name, how.root) for trial in trials for name in trial.tasks}
    _require_asking(study, trials)
    source = open_model(study.model)
    model, dtype = model_hashes(source), dtype_of_untuned(study)
    described = {trial: made_of(_beside(source, trial), study.equal, model, asked, dtype) for trial in trials}
    if how.finished is not None:
        require_results(how.finished, [trial.folder for trial in trials_of(study, how.root)])
    make_folder(out)
    with locked(out, "conducting a study"):
        begin(out, study)
        todo = []
        for trial, now in described.items():
            place = out / FINISHED / trial.folder
            clear(place)
            handed_in = None if how.finished is None else how.finished / trial.folder
            if not is_finished(place, now) and not (handed_in and take_in(handed_in, place, now)):
                todo.append(trial)
            elif not how.keep_models:  # the process may have been killed before it did
                remove_models(out / ARMS / trial.folder)
        require_data(study, todo, how)
        for number, trial in enumerate(todo):
            if minutes_left() == 0:
                return Reason.MINUTES
            done = [other for other in trials if other not in todo[number:]]
            on_trial(Progress(trial, len(done), len(trials), _seconds_left(out, done, todo[number:])))
            stopped = run_trial(study, trial, out, described[trial], how, minutes_left)
            if stopped is not None:
                return stopped
        on_trial(Progress(None, len(trials), len(trials), 0.0))
    return None


def trials_done(study: Study, out: Path, how: Conduct) -> list[Trial]:
    """List the trials of a study, of all its arms, that have results."""
    return [trial for trial in trials_of(study, how.root) if (out / FINISHED / trial.folder).is_dir()]


def _chosen(trials: list[Trial], arms: Sequence[str]) -> list[Trial]:
    names = list(dict.fromkeys(trial.arm for trial in trials))
    for arm in arms:
        if arm not in names:
            raise UserError(f"--arms {arm}: no such arm; the study has {', '.join(names)}")
    return [trial for trial in trials if not arms or trial.arm in arms]


def _beside(source: ModelSource, trial: Trial) -> Trial:
    """Give a trial whose first stage says what LoRA trains whole beside the study's model."""
    return replace(
        trial, stages=tuple(saving_grown_rows(stage, source) for stage in trial.stages[:1]) + trial.stages[1:]
    )


def asked_of(study: Study, name: str, root: Path) -> dict[str, Any]:
    """Give what decides the questions of a task. They are read, so that a missing file ends a study at once."""
    selection = Selection(study.limit, per_context_of(study).get(name))
    task = find_task(name)
    asked = {"prompts_sha256": ask(task, data_dir(study, root), selection).prompts_sha256, **selection._asdict()}
    if task.chat:  # what the untuned model is asked through, and what exports copy
        source = open_model(study.model, weights=False)
        template = find_chat_template(source.tokenizer, source.stops)
        asked[TEMPLATE] = None if template is None else template.fingerprint()
    return asked


def _require_asking(study: Study, trials: Sequence[Trial]) -> None:
    """Raise UserError where the model of a trial could not be asked through a chat template."""
    for trial in trials:
        tasks = [task for task in map(find_task, trial.tasks) if task.chat]
        if tasks and trial.stages:
            recipe = replace(trial.stages[-1], model=study.model)
            require_exported_asks(tasks, recipe, open_recipe_model(recipe, weights=False))
        elif tasks:
            source = open_model(study.model, weights=False)
            template_for(tasks, source.tokenizer, source.stops)


def _seconds_left(out: Path, done: Sequence[Trial], todo: Sequence[Trial]) -> float | None:
    """Estimate the time of the trials to do: each as long as those done here with as many stages, or as all of them."""
    seconds: dict[Trial, float] = {}
    for trial in done:
        if not (out / ARMS / trial.folder).is_dir():
            continue  # handed in, perhaps from another machine
        made = read_made(out / FINISHED / trial.folder)
        parts = [made.get(name) for name in ("training_seconds", "evaluating_seconds")]
        if all(isinstance(part, int) for part in parts):
            seconds[trial] = sum(parts)  # type: ignore[arg-type]
    if not seconds:
        return None

    def estimate(trial: Trial) -> float:
        alike = [seconds[other] for other in seconds if len(other.stages) == len(trial.stages)] or [*seconds.values()]
        return sum(alike) / len(alike)

    return sum(map(estimate, todo))
