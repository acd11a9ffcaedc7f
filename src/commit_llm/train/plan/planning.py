"""Knowing before paying: does a recipe's step fit a machine, how long will the run take, what to change."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import training_flops_a_token
from commit_llm.parallel.topologies import Topology, find_topology, kind_of, require_libtpu
from commit_llm.recipes import Recipe
from commit_llm.train.plan.changes import Change, Setting, changes
from commit_llm.train.plan.compilation import Compiled
from commit_llm.train.plan.estimate import GIB, hours

# jax takes this share of a GPU's memory, unless XLA_PYTHON_CLIENT_MEM_FRACTION says otherwise.
GPU_SHARE = 0.75


@dataclass(frozen=True)
class Plan:
    """What a recipe comes to on a machine. Memory is in GiB on each device, peak in TFLOP/s of each device (bf16).

    there is None where a device does not say how much it has; peak and hours are None for a device that the table of
    parallel/topologies.py lacks. needed is the compiler's figure, or the arithmetic's where nothing was compiled
    (by "arithmetic"); gradients are arithmetic, and rest is what is left. compiler_message is what a compiler said that
    refused the step for its size.
    """

    topology: str | None
    device_kind: str
    devices: int
    mesh: dict[str, int]
    attention: str
    dtype: str
    remat: str
    parameters: float
    optimizer: float
    gradients: float
    rest: float
    needed: float
    there: float | None
    by: str
    arithmetic: float
    fits: bool
    flops_a_token: float
    tokens_a_step: int
    steps: int
    mfu: float
    peak: float | None
    hours: float | None
    compile_seconds: float | None
    compiler_message: str | None
    notes: list[str]
    changes: list[Change]


def make_plan(
    recipe: Recipe,
    config: ModelConfig,
    topology: str | None = None,
    *,
    mfu: float = 0.4,
    report: Callable[[str], None] = lambda what: None,
) -> Plan:
    """Plan a recipe's training on a topology, or on this machine. report is told what is being waited for.

    mfu, above 0 and at most 1, is the share of the peak that is reached. Raises UserError for what the user got
    wrong, an unknown topology, a missing libtpu, and a compiler that fails.
    """
    recipe.check()
    recipe.check_schedule()
    if not 0 < mfu <= 1:
        raise UserError(f"--mfu {mfu}: must be above 0 and at most 1")
    recipe.check_seq_len(config.max_position_embeddings)
    target = None if topology is None else find_topology(topology)
    if target is None:
        report("compiling for this machine")
    elif target.kind.platform == "tpu":
        require_libtpu()
        report(f"compiling for {target.name}, this takes two to four minutes for 7 B parameters")
    found = _ask(recipe, config, topology)
    kind = kind_of(found.device_kind) if target is None else target.kind
    there, notes = _memory_there(found, target)
    if found.platform == "cpu" and found.dtype == "bfloat16":
        notes.append("a CPU computes bfloat16 by way of float32: the compiler's figure says little here")
    if target is None and found.platform == "cpu":
        notes.append("this is a CPU; --topology plans for another machine")
    if recipe.epochs is not None:
        notes.append(f"--epochs {recipe.epochs} is counted from the data, which is not read here; --steps is taken")
    setting = Setting(config, found.dtype, scores=found.attention.startswith(("reference", "by_row")))
    estimate = setting.estimate(recipe, found.devices)
    needed = (estimate.needed if found.needed is None else found.needed) / GIB
    parameters, optimizer, gradients = (n / GIB for n in (found.parameters, found.optimizer, estimate.gradients))
    flops, tokens = training_flops_a_token(config, recipe.seq_len), recipe.batch_size * recipe.seq_len
    fits = found.exhausted is None and (there is None or needed <= there)
    advice: list[Change] = []
    if not fits and there is not None:
        machine = target or (Topology("", kind, found.devices) if kind else None)
        advice = changes(recipe, setting, found.devices, machine, there)
    return Plan(
        topology=topology,
        device_kind=found.device_kind,
        devices=found.devices,
        mesh=found.mesh,
        attention=found.attention,
        dtype=found.dtype,
        remat=recipe.remat,
        parameters=parameters,
        optimizer=optimizer,
        gradients=gradients,
        rest=max(needed - parameters - optimizer - gradients, 0.0),
        needed=needed,
        there=there,
        by="arithmetic" if found.needed is None else "compiler",
        arithmetic=estimate.needed / GIB,
        fits=fits,
        flops_a_token=flops,
        tokens_a_step=tokens,
        steps=recipe.steps,
        mfu=mfu,
        peak=kind.peak if kind else None,
        hours=hours(flops * tokens * recipe.steps, peak=kind.peak, devices=found.devices, mfu=mfu) if kind else None,
        compile_seconds=found.seconds,
        compiler_message=found.exhausted,
        notes=notes,
        changes=advice,
    )


def _memory_there(found: Compiled, target: Topology | None) -> tuple[float | None, list[str]]:
    """GiB that the step may take of a device, and what is to be said of it."""
    if target is None:
        return (None if found.there is None else found.there / GIB), []
    if found.platform != "gpu":
        return target.kind.memory, []
    given = os.environ.get("XLA_PYTHON_CLIENT_MEM_FRACTION", str(GPU_SHARE))
    try:
        share = float(given)
    except ValueError:
        raise UserError(f"XLA_PYTHON_CLIENT_MEM_FRACTION={given!r} in the environment: must be a number") from None
    note = f"jax takes {share:.0%} of a GPU's {target.kind.memory:g} GiB; XLA_PYTHON_CLIENT_MEM_FRACTION sets the share"
    return target.kind.memory * share, [note]


def _ask(recipe: Recipe, config: ModelConfig, topology: str | None) -> Compiled:
    """Compile in a process of its own, and turn whatever comes of it into an answer or one line."""
    question = {
        "recipe": dataclasses.asdict(recipe),
        "config": dataclasses.asdict(config),
        "topology": topology,
    }
    # Where the devices are not here, jax itself runs on the CPU, and touches no accelerator.
    environment = os.environ | ({} if topology is None else {"JAX_PLATFORMS": "cpu"})
    done = subprocess.run(
        [sys.executable, "-m", "commit_llm.train.plan.compilation"],
        input=json.dumps(question),
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode > 0:
        raise RuntimeError(f"the compilation's process failed:\n{done.stderr}")
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise UserError(
            f"the compiler crashed (status {done.returncode}) on --topology {topology}: {_last_words(done.stderr)}"
        ) from None
    if "mistake" in answer:
        raise UserError(answer["mistake"])
    return Compiled(**answer)


def _last_words(text: str) -> str:
    """The line of a crash's text that says why, cut short."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if re.match(r"F\d{4} |.*(Check failed|RESOURCE_EXHAUSTED)", line)]
    return (fatal[:1] or lines[-1:] or ["it said nothing"])[0][:300]
