"""`commit-llm quickstart`: the whole method on an embedded example."""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from commit_llm.cli.parse import parse
from commit_llm.errors import UserError

MARKER = "quickstart.json"


@dataclass(frozen=True)
class Quickstart:
    """Try COMMIT on an embedded example, offline, in under five minutes on two CPU cores.

    A tiny English-centric model is trained from nothing, tuned three ways on English questions (alpaca,
    codemix-naive, commit), exported, and asked in Greek and in English about people it was never told of. It ends with
    a page that compares the three.
    """

    out: Path = Path("quickstart")
    """The folder to make; one that an earlier quickstart made is replaced."""
    seed: int = 0
    """Seed of the example's facts and of the training."""


def run(argv: list[str]) -> int:
    command = parse(Quickstart, "quickstart", argv)
    out, began = command.out, time.perf_counter()
    if not 0 <= command.seed < 2**32:
        raise UserError(f"--seed {command.seed}: must be at least 0 and below 2^32")
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        if not (out / MARKER).is_file():
            raise UserError(f"{out}: exists already and is no quickstart's; choose another --out")
        shutil.rmtree(out)
    from commit_llm.cli.parse import of_stop
    from commit_llm.cli.progress import TrainingBar, bars
    from commit_llm.quickstart import experiment
    from commit_llm.quickstart.example import write_example
    from commit_llm.quickstart.summary import compare_arms, finished, report, three_ways

    (out / experiment.EXAMPLE).mkdir(parents=True)
    (out / MARKER).write_text(json.dumps({"seed": command.seed}) + "\n", encoding="utf-8")
    write_example(out / experiment.EXAMPLE, command.seed)
    print(three_ways(out, command.seed), flush=True)
    with bars() as bar:
        watcher = experiment.Watcher(
            training=lambda stage: TrainingBar(bar, f"training {stage}"),
            answering=lambda stage: lambda task, done, total: bar(f"asking {stage}, {task[-2:]}", done, total),
            finished=lambda stage, seconds: print(finished(stage, seconds), flush=True),
        )
        done = experiment.run_experiment(out, command.seed, experiment.SETTINGS, watcher)
    if done.stopped is not None:
        print(f"{out}: stopped by {done.stopped.value}; the same command begins anew")
        return of_stop(done.stopped)
    compare_arms(out)
    measured = {arm: {"el": found.greek._asdict(), "en": found.english._asdict()} for arm, found in done.arms.items()}
    seconds = round(time.perf_counter() - began, 1)
    held = {"seed": command.seed, "arms": measured, "seconds": seconds}
    (out / MARKER).write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")
    print(report(out, done.arms, seconds))
    return 0
