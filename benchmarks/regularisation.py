"""Compare what each dropout and forgetful masking does to the held-out loss of a pretrained model.

    python benchmarks/regularisation.py --model FOLDER --data FILE --dictionary FILE --out FOLDER [--arms none resid]

An arm is the recipe `commit` with one noise alone, at the paper's rate; `all` is all of them but attention dropout. All
arms of a seed see the same batches, schedule and held-out examples. The arms take turns: all of them, with all seeds,
train to the first of --rounds, then all to the next one, so that a whole table for some step stands early.

It may be stopped at any time: the same command goes on. --out keeps the newest state of every arm (10 bytes a
parameter), all losses in losses.jsonl, and in table.md the tables, which are also printed, as Markdown.
"""

import argparse
import dataclasses
import itertools
import json
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jax

from commit_llm.data.packing.batch import step_arrays
from commit_llm.parallel.mesh import place_alike
from commit_llm.recipes import Recipe, dump_recipe, find_recipe
from commit_llm.train.checkpoint import Checkpoints, restore_newest
from commit_llm.train.held_out import held_out_loss
from commit_llm.train.model_source import ModelSource
from commit_llm.train.prepare import Training, prepare
from commit_llm.train.recipe_data import RecipeData, open_recipe_batches, open_recipe_model
from commit_llm.train.step import TrainState
from commit_llm.train.stop import Stop, listening
from commit_llm.train.weights import load_params

NONE = {"embd_pdrop": 0.0, "resid_pdrop": 0.0, "attn_pdrop": 0.0, "fcm_max_ratio": 0.0}
ARMS: dict[str, dict[str, float]] = {
    "none": NONE,
    "resid": NONE | {"resid_pdrop": 0.05},
    "embd": NONE | {"embd_pdrop": 0.05},
    "fcm": NONE | {"fcm_max_ratio": 0.1},
    "all": {"embd_pdrop": 0.05, "resid_pdrop": 0.05, "attn_pdrop": 0.0, "fcm_max_ratio": 0.1},
    "attn": NONE | {"attn_pdrop": 0.05},
}
Losses = dict[tuple[str, int, int], dict[str, Any]]  # of (arm, seed, step): a line of losses.jsonl


class Study:
    """Train arms in turns, and keep their states and losses in a folder."""

    def __init__(self, recipe: Recipe, out: Path, stop: Stop) -> None:
        self.recipe, self.out, self.stop = recipe, out, stop
        self.lines = out / "losses.jsonl"
        if self.lines.exists():  # a kill may have left half a line
            whole = self.lines.read_bytes()
            self.lines.write_bytes(whole[: whole.rfind(b"\n") + 1])
        self.open = cache(self._open)  # a step is compiled once in this process

    def _open(self, arm: str, seed: int) -> tuple[ModelSource, RecipeData, Training]:
        recipe = dataclasses.replace(self.recipe, seed=seed, **ARMS[arm])
        source = open_recipe_model(recipe)
        return source, open_recipe_batches(recipe, source), prepare(recipe, source.config)

    def advance(self, arm: str, seed: int, last: int) -> None:
        """Train an arm to a step and save it; on a request to stop, save it after the step under way."""
        if "held_out" in self.losses().get((arm, seed, last), {}):
            return
        source, data, training = self.open(arm, seed)
        with Checkpoints(self.out / f"{arm}-{seed}", keep=1) as checkpoints:
            restored = restore_newest(checkpoints, training.abstract_state())
            if restored is None:
                start, (state, _) = 0, training.place(load_params(source, training.param_shardings)[0])
            else:
                start, state = restored.step, restored.state
                data.batches.set_state(restored.position)
            for step in range(start + 1, last + 1):
                state, line = self._take(data, training, state)
                if step == last:
                    placed = (place_alike(step_arrays(batch), training.batch_sharding) for batch in data.held_out)
                    line["held_out"] = held_out_loss(training.held_out_step, state.params, placed)[0]
                with self.lines.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"arm": arm, "seed": seed, "step": step} | line) + "\n")
                stops = self.stop.reason() is not None
                if step == last or stops:
                    checkpoints.save(state, {"data": data.batches.get_state(), "tokens": 0})
                if stops:
                    return

    def _take(self, data: RecipeData, training: Training, state: TrainState) -> tuple[TrainState, dict[str, float]]:
        begun = time.perf_counter()
        batch = step_arrays(next(data.batches))
        state, metrics = training.step(state, place_alike(batch, training.batch_sharding), {})
        return state, {"loss": float(metrics.loss), "seconds": round(time.perf_counter() - begun, 1)}

    def losses(self) -> Losses:
        """Read the losses so far; of a step that was taken twice, after a kill, the last line counts."""
        if not self.lines.exists():
            return {}
        lines = [json.loads(line) for line in self.lines.read_text(encoding="utf-8").splitlines()]
        return {(line["arm"], line["seed"], line["step"]): line for line in lines}


def table(losses: Losses, step: int, arms: Sequence[str], seeds: Sequence[int]) -> str:
    """Write the Markdown table of a step: losses of each seed, and held-out losses less those of the arm `none`."""
    columns = [f"{name}, seed {seed}" for name in ("first loss", "held-out", "less none") for seed in seeds]
    lines = [
        f"After {step} steps:",
        "",
        f"| arm | {' | '.join(columns)} | mean |",
        "| --- " + "| --: " * (len(columns) + 1) + "|",
    ]
    for arm in arms:
        first = [losses.get((arm, seed, 1), {}).get("loss") for seed in seeds]
        ends, bare = ([losses.get((one, seed, step), {}).get("held_out") for seed in seeds] for one in (arm, "none"))
        less = [None if None in pair else pair[0] - pair[1] for pair in zip(ends, bare, strict=True)]
        mean = None if None in less else sum(less) / len(less)
        cells = ["" if x is None else f"{x:.3f}" for x in (*first, *ends)]
        cells += ["" if x is None else f"{x:+.3f}" for x in (*less, mean)]
        lines.append(f"| {arm} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def tables(losses: Losses, arms: Sequence[str], seeds: Sequence[int]) -> str:
    """Write the tables of all rounds that at least one arm has finished."""
    steps = sorted({step for (_, _, step), line in losses.items() if "held_out" in line})
    return "\n".join(table(losses, step, arms, seeds) for step in steps)


def require_same_settings(out: Path, recipe: Recipe) -> None:
    """Keep what the study was begun with; end where it is another study."""
    settings, kept = dump_recipe(recipe), out / "config.yaml"
    if kept.exists() and kept.read_text(encoding="utf-8") != settings:
        raise SystemExit(f"{kept}: another study was begun here; choose another --out")
    kept.write_text(settings, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--dictionary", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument(
        "--rounds", nargs="+", type=int, default=[5, 10, 20, 40, 60, 80, 100], help="the last is the end"
    )
    parser.add_argument("--warmup-steps", type=int, default=3, help="as long a part of 100 steps as 36 of 1210")
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--sequence", type=int, default=1024)
    parser.add_argument("--held-out-share", type=float, default=0.02)
    parser.add_argument("--remat", choices=["none", "dots", "nothing"], default="none")
    arguments = parser.parse_args()
    recipe = dataclasses.replace(
        find_recipe("commit"), model=arguments.model, data=arguments.data, dictionary=(arguments.dictionary,),
        ratio=0.9, steps=arguments.rounds[-1], warmup_steps=arguments.warmup_steps, batch_size=arguments.rows,
        seq_len=arguments.sequence, held_out_share=arguments.held_out_share, remat=arguments.remat,
    )  # fmt: skip
    recipe.check_schedule()
    arguments.out.mkdir(parents=True, exist_ok=True)
    require_same_settings(arguments.out, recipe)
    jax.config.update("jax_compilation_cache_dir", str(arguments.out.absolute() / "compiled"))
    with listening(None) as stop:
        stop.take_requests()
        study = Study(recipe, arguments.out, stop)
        for step in arguments.rounds:
            for arm, seed in itertools.product(arguments.arms, arguments.seeds):
                study.advance(arm, seed, step)
                text = tables(study.losses(), arguments.arms, arguments.seeds)
                (arguments.out / "table.md").write_text(text, encoding="utf-8")
                if stop.reason() is not None:
                    return
            print(table(study.losses(), step, arguments.arms, arguments.seeds), flush=True)


if __name__ == "__main__":
    main()
