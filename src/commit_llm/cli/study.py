"""`commit-llm study`: arms times seeds times languages, to a comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from commit_llm.cli.lines import say
from commit_llm.cli.pace import duration
from commit_llm.cli.parse import DONE, of_stop, parse
from commit_llm.parallel.mesh_sizes import EVERY_DEVICE

if TYPE_CHECKING:
    from commit_llm.study.conduct import Progress


@dataclass(frozen=True)
class StudyCommand:
    """Train and evaluate the arms of a study, with each of its seeds, and compare them. The same command resumes it.

    FILE is YAML: model, languages, data, dictionary, arms, seeds, tasks, and what is held equal (docs/study.md).
    """

    file: Annotated[Path, tyro.conf.Positional]
    """The study file."""
    out: Path
    """The folder to make: arms, finished (results without texts), compared, study.md."""
    root: Path = Path()
    """Folder from which the file's paths start. Default: the current one."""
    model: str | None = None
    """Model folder, hub id or run, instead of the file's."""
    languages: tuple[str, ...] = ()
    """Codes of languages, instead of the file's."""
    data: str | None = None
    """Data for instruction recipes, instead of the file's; LANG, here and below, stands for a language."""
    text: str | None = None
    """Data for plain-text recipes."""
    dictionary: str | None = None
    """Dictionary from English into a language."""
    dictionary_back: str | None = None
    """Dictionary into English."""
    sentences: str | None = None
    """Pairs of sentences, for the stages that name them."""
    data_dir: str | None = None
    """Folder of the questions."""
    arms: tuple[str, ...] = ()
    """Run only these arms now. Default: all."""
    finished: Path | None = None
    """Folder `finished` of another study: its trials are not repeated."""
    keep_models: bool = False
    """Keep checkpoints and exported models of finished trials."""
    eval_batch_size: int = 8
    """Questions of full length to answer at a time; more of short ones, in the same memory."""
    eval_mesh: str = EVERY_DEVICE
    """Devices along data, fsdp and tensor to answer on."""
    stop_after_minutes: float | None = None
    """Save and stop after this time; the same command resumes."""
    allow_contamination: bool = False
    """Also ask models about texts that they were trained on."""


def run(argv: list[str]) -> int:
    command = parse(StudyCommand, "study", argv)
    from commit_llm.cli.progress import AnswersBar, TrainingBar, bars
    from commit_llm.study.conduct import conduct, trials_done
    from commit_llm.study.study_file import FILES, read_study
    from commit_llm.study.study_folder import TABLE
    from commit_llm.study.study_report import report
    from commit_llm.study.trial_run import Conduct

    given = {key: getattr(command, key) for key in ("model", *FILES)} | {"languages": list(command.languages) or None}
    study = read_study(command.file, given)
    with bars() as bar:
        how = Conduct(
            root=command.root,
            finished=command.finished,
            arms=command.arms,
            keep_models=command.keep_models,
            allow_contamination=command.allow_contamination,
            eval_batch_size=command.eval_batch_size,
            eval_mesh=command.eval_mesh,
            on_step=TrainingBar(bar),
            on_answers=AnswersBar(bar),
        )
        stopped = conduct(study, command.out, how, stop_after_minutes=command.stop_after_minutes, on_trial=_say_trial)
    if stopped is not None:
        say(f"{command.out}: stopped by {stopped.value}, all saved; the same command resumes")
        return of_stop(stopped)
    compared = report(
        study, command.out, trials_done(study, command.out, how), allow_contamination=command.allow_contamination
    )
    say(f"wrote {command.out / TABLE}")
    for folder in compared:
        say(f"Open {folder / 'index.html'} in a browser.")
    if not compared:
        say("nothing to compare: fewer than two arms are done in every language")
    return DONE


def _say_trial(progress: "Progress") -> None:
    """Say on standard error what is done, what comes next, and how long the rest takes."""
    rest = progress.seconds_left
    left = "" if not rest else f", about {duration(rest)} left"
    now = "" if progress.trial is None else f"; now {progress.trial}"
    say(f"{progress.done} of {progress.total} done{left}{now}", to_stderr=True)
