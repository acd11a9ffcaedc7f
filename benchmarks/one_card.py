"""Compile the steps that are for one card, of Llama-3.1-8B for one TPU v5p, and hold their memory to its bars.

    python -m benchmarks.one_card [--ways lora split lean]

Recipe `commit`, 4 rows of 2,048 tokens. Each way is what `commit-llm plan` says; the table is that of docs/planning.md.
It needs libtpu (extra tpu), the reference material (COMMIT_SHARED), and two to five minutes of CPU time for each. Exit
status 1 where a step does not compile, needs more than its bar, or is more than 5 % from the arithmetic.
"""

import argparse
import os
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from commit_llm.files.json_text import read_json_object
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.recipes import find_recipe
from commit_llm.train.plan.planning import make_plan

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
MODEL, TOPOLOGY = "Llama-3.1-8B-Instruct", "v5p:1x1x1"
# Of each way: its flags, and the most GiB that it may need. 73 are what a command takes of an H100.
WAYS: dict[str, tuple[dict[str, Any], float | None]] = {
    "lora": ({"lora_r": 16}, 22.0),
    "lean": ({"optimizer": "adamw-lean"}, 73.0),
    "split": ({"optimizer": "adamw-split"}, None),
}
NEAR = 0.05  # the share of the compiler's figure by which the arithmetic may differ


def row(name: str) -> tuple[str, bool]:
    """Compile one step; give its line of the table, and whether it is as it should be."""
    fields, most = WAYS[name]
    path = SHARED / "data" / "configs" / f"{MODEL}.json"
    config = config_from_settings(read_json_object(path), path.name)
    plan = make_plan(replace(find_recipe("commit"), **fields), config, TOPOLOGY)
    flags = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in fields.items())
    difference = plan.arithmetic / plan.needed - 1
    cells = (
        f"`{flags}`", f"{plan.frozen:.2f}", f"{plan.parameters:.2f}", f"{plan.optimizer:.2f}", f"{plan.gradients:.2f}",
        f"{plan.needed:.2f}", f"{plan.arithmetic:.2f}, {difference:+.1%}", "" if most is None else f"{most:g}",
    )  # fmt: skip
    is_good = plan.by == "compiler" and plan.fits and abs(difference) <= NEAR and (most is None or plan.needed <= most)
    return f"| {' | '.join(cells)} |", is_good


def main() -> int:
    """Print the table, a row as soon as it is compiled."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=WAYS)
    arguments = parser.parse_args()
    print(f"{MODEL} on {TOPOLOGY}, recipe commit, GiB; jax {version('jax')}, libtpu {version('libtpu')}.\n")
    print("| flags | frozen | parameters | optimizer | gradients | needed | by arithmetic | at most |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    good = []
    for name in arguments.ways:
        line, is_good = row(name)
        print(line, flush=True)
        good.append(is_good)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
