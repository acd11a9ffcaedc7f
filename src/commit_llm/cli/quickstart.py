"""`commit-llm quickstart`: the whole method on an embedded example."""

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError
from commit_llm.files.holder import LOCK, clear
from commit_llm.files.lock import locked
from commit_llm.files.whole import make_folder, whole_file, write_json

MARKER = "quickstart.json"


@dataclass(frozen=True)
class Quickstart:
    """Try COMMIT on an embedded example, offline, in under five minutes on two CPU cores.

    It trains a tiny English-centric model from scratch, tunes it in three ways on English questions (alpaca,
    codemix-naive, commit), exports each, and asks them in Greek and in English about people outside their training
    data. It ends with a page that compares the three.
    """

    out: Path = Path("quickstart")
    """The folder to make; it replaces one of an earlier quickstart."""
    seed: int = 0
    """Seed of the example's facts and of the training."""


def run(argv: list[str]) -> int:
    command = parse(Quickstart, "quickstart", argv)
    out = command.out
    if not 0 <= command.seed < 2**32:
        raise UserError(f"--seed {command.seed}: must be at least 0 and below 2^32")
    _require_ours(out)
    make_folder(out)
    with locked(out, "trying the quickstart"):
        return _run(command)


def _require_ours(out: Path) -> None:
    """Raise UserError where the folder is not an earlier quickstart's, nor empty but for what a kill left."""
    if out.is_dir() and not out.is_symlink():
        clear(out / MARKER)
    names = {path.name for path in out.iterdir()} if out.is_dir() else {out.name} if os.path.lexists(out) else set()
    if out.is_symlink() or (names - {LOCK} and not (out / MARKER).is_file()):
        raise UserError(f"{out}: exists already and is not a quickstart's; choose another --out")


def _begin(out: Path, seed: int) -> None:
    """Say whose folder it is, and only then empty it: where a kill comes between, it is still known as ours."""
    with whole_file(out / MARKER, overwrite=True) as new:
        new.write_text(json.dumps({"seed": seed}) + "\n", encoding="utf-8")
    for path in out.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (LOCK, MARKER):
            path.unlink()


def _run(command: Quickstart) -> int:
    out, began = command.out, time.perf_counter()
    from commit_llm.cli.parse import of_stop
    from commit_llm.cli.progress import TrainingBar, bars
    from commit_llm.files.disk import writing
    from commit_llm.quickstart import experiment
    from commit_llm.quickstart.example import write_example
    from commit_llm.quickstart.summary import closing, compare_arms, finished, three_ways

    with writing(out):
        _begin(out, command.seed)
        (out / experiment.EXAMPLE).mkdir()
        write_example(out / experiment.EXAMPLE, command.seed)
    say(three_ways(out, command.seed))
    with bars() as bar:
        watcher = experiment.Watcher(
            training=lambda stage: TrainingBar(bar, f"training {stage}"),
            answering=lambda stage: (
                lambda task, answered, total: bar(f"asking {stage}, {task[-2:]}", answered, total, unit="question")
            ),
            finished=lambda stage, seconds: say(finished(stage, seconds)),
        )
        result = experiment.run_experiment(out, command.seed, experiment.SETTINGS, watcher)
    if result.stopped is not None:
        say(f"{out}: stopped by {result.stopped.value}; the same command starts again")
        return of_stop(result.stopped)
    compare_arms(out)
    arms = {arm: {"el": scores.greek._asdict(), "en": scores.english._asdict()} for arm, scores in result.arms.items()}
    seconds = round(time.perf_counter() - began, 1)
    summary = {"seed": command.seed, "arms": arms, "seconds": seconds}
    with whole_file(out / MARKER, overwrite=True) as new:
        write_json(new, summary)
    say(closing(out, result.arms, seconds))
    return 0
