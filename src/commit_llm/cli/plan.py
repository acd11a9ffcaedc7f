"""`commit-llm plan`: does a recipe fit a machine, how long will it take, what to change."""

import dataclasses
import sys
from dataclasses import dataclass

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import DONE, MISTAKE, parse_with_recipe
from commit_llm.recipes import Recipe


@dataclass(frozen=True)
class PlanCommand:
    """Report how much memory a recipe needs on each device, how long it takes, and what to change if it does not fit.

    For a TPU it compiles the step that trains, without a TPU (extra tpu); for absent GPUs it uses arithmetic. It reads
    only the model's config.json, and no data. It exits with 2 if the recipe does not fit.
    """

    recipe: Recipe
    topology: str | None = None
    """A machine, which may be absent: v3:2x2, v5e:2x4, h100:8, a100-80gb:8, ... Default: this one."""
    devices: int | None = None
    """Number of devices, if --topology names only their kind: --topology v5p --devices 16."""
    mfu: float = 0.4
    """Expected share of the devices' peak, above 0 and at most 1, to compute the hours."""
    json: bool = False
    """Print JSON."""


def run(argv: list[str]) -> int:
    command = parse_with_recipe(PlanCommand, "plan", argv)
    from commit_llm.cli.text.plan import plan_text
    from commit_llm.errors import UserError
    from commit_llm.parallel.topologies import named_topology
    from commit_llm.train.model_source import find_model
    from commit_llm.train.plan.planning import make_plan

    if command.recipe.model is None:
        raise UserError("no model; name a model folder, a hub id or a run directory with --model")
    topology = named_topology(command.topology, command.devices)
    base = find_model(command.recipe.model, command.recipe.model_revision, weights=False)
    plan = make_plan(command.recipe, base.config, topology, mfu=command.mfu, report=_say, base=base)
    if command.json:
        say_json(dataclasses.asdict(plan))
    else:
        say(plan_text(plan))
    return DONE if plan.fits else MISTAKE


def _say(work: str) -> None:
    if sys.stderr.isatty():
        say(f"{work} ...", to_stderr=True)
