"""Compile the training steps of models of several families for TPUs that need not be here, and print their memory.

    python -m benchmarks.compile_families [--models Qwen3-8B ...] [--topologies v5p:2x2x1 ...] [--rows 16]

Each is what `commit-llm plan commit` says of the model's published configuration; the table is that of
docs/planning.md. It needs libtpu (extra tpu), the reference material (COMMIT_SHARED), and two to five minutes of CPU
time for each. Exit status 1 where a step does not compile, or does not fit.
"""

import argparse
import dataclasses
import os
import sys
from importlib.metadata import version
from pathlib import Path

from commit_llm.files.json_text import read_json_object
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.parameters import count_parameters
from commit_llm.recipes import find_recipe
from commit_llm.train.plan.planning import make_plan

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
MODELS = ("Llama-3.1-8B-Instruct", "Qwen3-8B", "gemma-2-9b-it")
TOPOLOGIES = ("v5p:2x2x1", "v6e:2x4")


def row(model: str, topology: str, rows: int, tokens: int) -> tuple[str, bool]:
    """Compile one step; give its line of the table, and whether it fits."""
    path = SHARED / "data" / "configs" / f"{model}.json"
    config = config_from_settings(read_json_object(path), path.name)
    recipe = dataclasses.replace(find_recipe("commit"), mesh="1,-1,1", batch_size=rows, seq_len=tokens)
    plan = make_plan(recipe, config, topology)
    needed = f"{plan.needed:.2f}" if plan.by == "compiler" else "not said"
    seconds = "-" if plan.compile_seconds is None else f"{plan.compile_seconds:.0f}"
    attention, parameters = plan.attention.split(" ")[0], f"{count_parameters(config) / 1e9:.2f} B"
    cells = (model, parameters, topology, attention, needed, f"{plan.arithmetic:.2f}", f"{plan.there:.2f}", seconds)
    return f"| {' | '.join(cells)} |", plan.fits


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=MODELS, help="names of files in data/configs, without .json")
    parser.add_argument("--topologies", nargs="+", default=TOPOLOGIES)
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=2048, help="of a row")
    arguments = parser.parse_args()
    print(
        f"Recipe commit, --mesh 1,-1,1, {arguments.rows} rows of {arguments.tokens} tokens; GiB on each device; ",
        end="",
    )
    print(f"jax {version('jax')}, libtpu {version('libtpu')}.\n")
    print("| model | parameters | topology | attention | needed | by arithmetic | available | compiled in s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    fitting = []
    for model in arguments.models:
        for topology in arguments.topologies:
            line, fits = row(model, topology, arguments.rows, arguments.tokens)
            print(line, flush=True)
            fitting.append(fits)
    return 0 if all(fitting) else 1


if __name__ == "__main__":
    sys.exit(main())
