"""`commit-llm quickstart`: the whole chain on an embedded example."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from commit_llm.cli.parse import parse
from commit_llm.errors import UserError

MARKER = "quickstart.json"


@dataclass(frozen=True)
class Quickstart:
    """Run the whole chain on an embedded example, offline: code-mix, train, export, evaluate.

    The model is tiny and starts from nothing: this shows that everything works here, not what COMMIT
    does for a real model.
    """

    out: Path = Path("quickstart")
    """The folder to make; one that an earlier quickstart made is replaced."""
    seed: int = 0
    """Seed of the example's facts and of the training."""


def run(argv: list[str]) -> None:
    command = parse(Quickstart, "quickstart", argv)
    out = command.out
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]):
        if not (out / MARKER).is_file():
            raise UserError(f"{out}: exists already and is no quickstart's; choose another --out")
        shutil.rmtree(out)
    from commit_llm.cli.progress import TrainingBar, bars
    from commit_llm.cli.tables import scores_table, training_summary
    from commit_llm.data.loader import make_mixer
    from commit_llm.data.records import read_records
    from commit_llm.evaluate.tasks import find_task
    from commit_llm.pipeline import EVALUATION, RUN, run_chain
    from commit_llm.quickstart.example import write_example
    from commit_llm.train.recipes import find_recipe

    example = out / "example"
    example.mkdir(parents=True)
    (out / MARKER).write_text(json.dumps({"seed": command.seed}) + "\n", encoding="utf-8")
    write_example(example, command.seed)
    dictionary = str(example / "en-el.txt")
    recipe = replace(
        find_recipe("commit"),
        model=str(example / "model"),
        data=str(example / "instructions.jsonl"),
        dictionary=dictionary,
        from_scratch=True,
        steps=300,
        warmup_steps=20,
        learning_rate=3e-3,
        batch_size=8,
        seq_len=256,
        remat="none",
        seed=command.seed,
    )
    mixer = make_mixer(dictionary, recipe.ratio)
    first = read_records(recipe.data or "")[0]["input"]
    print(f"English   {first}")
    if mixer:
        print(f"mixed     {mixer.mix_field(first, seed=recipe.seed, epoch=0, row=0, field='input').text}\n")
    with bars() as bar:
        done = run_chain(
            recipe,
            out,
            [find_task("ogx_xquad_el"), find_task("ogx_xquad_en")],
            data_dir=str(example),
            limit=36,
            batch_size=36,
            on_step=TrainingBar(bar),
            on_answers=bar,
        )
    print(training_summary(out / RUN, recipe.seq_len, done.outcome))
    print("36 questions of the example, asked in Greek (el) and in English (en):")
    print(scores_table(done.results or {}))
    print(
        "The chain works here. The scores say nothing: so small a model, trained for a minute from nothing, was "
        "asked\nwith the paper's evaluation prompt, which differs from the one it was tuned with.\n"
        f"Answers: {out / EVALUATION / 'predictions.jsonl'}\n"
        "Next: `commit-llm recipes`, then `commit-llm run commit --help` with your own model, data and dictionary."
    )
