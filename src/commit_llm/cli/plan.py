"""`commit-llm plan`: does a recipe fit a machine, how long will it take, what to change."""

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commit_llm.cli.parse import DONE, MISTAKE, parse_with_recipe
from commit_llm.recipes import Recipe

if TYPE_CHECKING:  # imports jax
    from commit_llm.train.plan.planning import Plan


@dataclass(frozen=True)
class PlanCommand:
    """Say what memory a recipe needs on each device, how long it takes, and what to change where it does not fit.

    For a TPU the very step that trains is compiled, without a TPU (extra tpu); for GPUs that are not here it is
    arithmetic. Of the model only config.json is read, of the data nothing. Exits with 2 where it does not fit.
    """

    recipe: Recipe
    topology: str | None = None
    """A machine that need not be here: v3:2x2, v5e:2x4, h100:8, a100-80gb:8, ... Default: this one."""
    mfu: float = 0.4
    """Share of the devices' peak that is reached, above 0 and at most 1, for the hours."""
    json: bool = False
    """Print JSON."""


def run(argv: list[str]) -> int:
    command = parse_with_recipe(PlanCommand, "plan", argv)
    from commit_llm.errors import UserError
    from commit_llm.train.plan.planning import make_plan
    from commit_llm.train.weights import find_model

    if command.recipe.model is None:
        raise UserError("no model; name a model folder, a hub id or a run directory with --model")
    _, _, config = find_model(command.recipe.model, weights=False)
    plan = make_plan(command.recipe, config, command.topology, mfu=command.mfu, report=_say)
    print(json.dumps(dataclasses.asdict(plan), indent=2) if command.json else plan_text(plan))
    return DONE if plan.fits else MISTAKE


def _say(work: str) -> None:
    if sys.stderr.isatty():
        print(f"{work} ...", file=sys.stderr)


def plan_text(plan: "Plan") -> str:
    """Write a plan as lines: the machine, the memory of a device, the time, and what to change."""
    from commit_llm.cli.text.tables import aligned

    mesh = ", ".join(f"{name} {size}" for name, size in plan.mesh.items())
    where = "this machine" if plan.topology is None else plan.topology
    lines = [
        f"{where}: {plan.devices} x {plan.device_kind}, mesh {mesh}",
        f"{plan.dtype} products, attention {plan.attention}, remat {plan.remat}",
        "",
        *_memory(plan),
        "",
        *(f"note: {note}" for note in plan.notes),
        f"{plan.flops_a_token / 1e9:.4g} GFLOP a token, {plan.tokens_a_step:,} tokens a step, {plan.steps:,} steps",
    ]
    if plan.hours is None:
        lines.append(f"hours: not known; the table of devices has no {plan.device_kind}")
    else:
        lines.append(
            f"{plan.hours:.3g} hours at an MFU of {plan.mfu:g}, of {plan.devices} x {plan.peak:g} TFLOP/s (bf16, peak)"
        )
    if plan.changes:
        rows = [("change, each by itself", "GiB", "")]
        rows += [(change.flags, f"{change.needed:.2f}", "" if change.fits else "too much") for change in plan.changes]
        lines += ["", "needed by arithmetic, with these flags instead:", *(row.rstrip() for row in aligned(rows))]
    return "\n".join(lines)


def _memory(plan: "Plan") -> list[str]:
    from commit_llm.cli.text.tables import aligned

    rows = [
        ("memory a device", "GiB"),
        ("parameters", f"{plan.parameters:.2f}"),
        ("optimizer", f"{plan.optimizer:.2f}"),
        ("gradients", f"{plan.gradients:.2f}"),
        ("the rest", f"{plan.rest:.2f}"),
        (f"needed, by {'the compiler' if plan.by == 'compiler' else 'arithmetic'}", f"{plan.needed:.2f}"),
        ("there", "not known" if plan.there is None else f"{plan.there:.2f}"),
    ]
    lines = aligned(rows)
    if plan.there is None:
        return lines if plan.fits else [*lines, f"does not fit: {plan.compiler_message}"]
    left = plan.there - plan.needed
    if plan.fits:
        return [*lines, f"fits, with {left:.2f} GiB to spare"]
    if left >= 0:  # the arithmetic's figure: the compiler gave none
        return [*lines, f"does not fit: {plan.compiler_message}"]
    return [*lines, f"does not fit: {-left:.2f} GiB too much"]
