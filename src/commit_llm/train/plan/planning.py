"""The plan of a training before it is paid for: does it fit a machine, how long does it take, what could change."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from commit_llm.errors import UserError
from commit_llm.model.adapter import adapted_flops_a_token
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import training_flops_a_token
from commit_llm.parallel.device_memory import SHARE, bytes_of_kind, gpu_share
from commit_llm.parallel.topologies import Topology, find_topology, kind_of, require_libtpu
from commit_llm.recipes import Recipe
from commit_llm.train.adapted import adapter_of
from commit_llm.train.grown_rows import describe_grown_rows, modules_with_grown_rows, saving_grown_rows
from commit_llm.train.model_source import FoundModel
from commit_llm.train.plan.changes import Change, Conditions, changes
from commit_llm.train.plan.compilation import CompiledStep
from commit_llm.train.plan.estimate import GIB, hours


@dataclass(frozen=True)
class Plan:
    """Hold what a recipe comes to on a machine. Memory is in GiB on each device.

    frozen, parameters, optimizer: exact; frozen are the parameters that are not trained.
    gradients: by arithmetic.
    rest: what is left of needed.
    needed: the compiler's figure, or the arithmetic's where nothing was compiled.
    there: that a device has; None where it does not say.
    devices: in the mesh.
    idle: devices that are not.
    mesh_reason: why it is that mesh, where the recipe says auto.
    dtype: of the matrix products.
    dtype_reason: why they are float32, where bfloat16 could be expected.
    remat: what a layer keeps for the backward pass.
    remat_reason: why, where the recipe says auto.
    by: "compiler" or "arithmetic", whose figure needed is.
    mfu: share of the peak that is reached, above 0 and at most 1.
    peak: TFLOP/s of each device, in peak_dtype; None for a device that the table of parallel/topologies.py lacks.
    hours: None where peak is.
    compiler_message: of a compiler that refused the step for its size.
    """

    topology: str | None
    device_kind: str
    devices: int
    idle: int
    mesh: dict[str, int]
    mesh_reason: str
    attention: str
    dtype: str
    dtype_reason: str
    remat: str
    remat_reason: str
    frozen: float
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
    peak_dtype: str | None
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
    report: Callable[[str], None] = lambda work: None,
    base: FoundModel | None = None,
) -> Plan:
    """Plan a recipe's training on a topology, or on this machine.

    mfu: the share of the peak that is reached, above 0 and at most 1.
    report: is called with the work that takes long, before it begins.
    base: the model that is there; None where the configuration is all there is.

    Raises UserError for what the user got wrong, an unknown topology, a missing libtpu, and a compiler that fails.
    """
    recipe.check()
    recipe.check_schedule()
    if not 0 < mfu <= 1:
        raise UserError(f"--mfu {mfu}: must be above 0 and at most 1")
    recipe.check_seq_len(config.max_position_embeddings)
    asked = recipe
    if base is not None:
        recipe = saving_grown_rows(recipe, base)
    target = None if topology is None else find_topology(topology)
    if target is None:
        report("compiling for this machine")
    elif target.kind.platform == "tpu":
        require_libtpu()
        report(f"compiling for {target.name}, this takes two to four minutes for 7 B parameters")
    step = _compile_apart(recipe, config, topology)
    kind = kind_of(step.device_kind) if target is None else target.kind
    recipe = dataclasses.replace(recipe, remat=step.remat)
    memory = step.available if target is None else bytes_of_kind(target.kind, os.environ)
    available = None if memory is None else memory / GIB
    notes = []
    if target is not None and step.platform == "gpu":
        share = f"a command takes {gpu_share(os.environ):.0%} of a GPU's {target.kind.memory:g} GiB"
        notes.append(f"{share}; {SHARE} sets the share")
    if step.platform == "cpu" and step.dtype == "bfloat16":
        notes.append("a CPU computes bfloat16 by way of float32: the compiler's figure says little here")
    if target is None and step.platform == "cpu":
        notes.append("this is a CPU; --topology plans for another machine")
    if recipe.epochs is not None:
        notes.append(f"--epochs {recipe.epochs} is counted from the data, which is not read here; --steps is taken")
    every = step.devices + step.idle
    scores = step.attention.startswith("reference")
    conditions = Conditions(config, step.auto_dtype, scores, step.platform, devices_a_host=every // step.hosts)
    if recipe.modules_to_save != asked.modules_to_save:
        notes.append(describe_grown_rows(recipe, conditions, step.mesh))
    estimate = conditions.estimate_on(recipe, step.mesh)
    needed = (estimate.needed if step.needed is None else step.needed) / GIB
    sizes = step.frozen, step.parameters, step.optimizer, estimate.gradients
    frozen, parameters, optimizer, gradients = (size / GIB for size in sizes)
    flops, tokens = flops_a_token(recipe, config), recipe.batch_size * recipe.seq_len
    fits = step.exhausted is None and (available is None or needed <= available)
    advice: list[Change] = []
    if not fits and available is not None:
        machine = target or (Topology("", kind, every) if kind else None)
        if base is not None and recipe.lora_r is None:
            conditions = dataclasses.replace(conditions, saved=modules_with_grown_rows(base))
        advice = changes(recipe, conditions, every, machine, available)
    return Plan(
        topology=topology,
        device_kind=step.device_kind,
        devices=step.devices,
        idle=step.idle,
        mesh=step.mesh,
        mesh_reason=step.mesh_reason,
        attention=step.attention,
        dtype=step.dtype,
        dtype_reason=step.dtype_reason,
        remat=step.remat,
        remat_reason=step.remat_reason,
        frozen=frozen,
        parameters=parameters,
        optimizer=optimizer,
        gradients=gradients,
        rest=max(needed - frozen - parameters - optimizer - gradients, 0.0),
        needed=needed,
        there=available,
        by="arithmetic" if step.needed is None else "compiler",
        arithmetic=estimate.needed / GIB,
        fits=fits,
        flops_a_token=flops,
        tokens_a_step=tokens,
        steps=recipe.steps,
        mfu=mfu,
        peak=kind.peak if kind else None,
        peak_dtype=kind.peak_dtype if kind else None,
        hours=hours(flops * tokens * recipe.steps, peak=kind.peak, devices=step.devices, mfu=mfu) if kind else None,
        compile_seconds=step.seconds,
        compiler_message=step.exhausted,
        notes=notes,
        changes=advice,
    )


def flops_a_token(recipe: Recipe, config: ModelConfig) -> float:
    """Count the floating-point operations of a recipe's training on one token."""
    adapter = adapter_of(recipe)
    if adapter is None:
        return training_flops_a_token(config, recipe.seq_len)
    return adapted_flops_a_token(config, recipe.seq_len, adapter)


def _compile_apart(recipe: Recipe, config: ModelConfig, topology: str | None) -> CompiledStep:
    """Compile in a process of its own, and turn whatever comes of it into an answer or one line."""
    question = {
        "recipe": dataclasses.asdict(recipe),
        "config": dataclasses.asdict(config),
        "topology": topology,
    }
    # Where the devices are not here, jax itself runs on the CPU, and touches no accelerator.
    environment = os.environ | ({} if topology is None else {"JAX_PLATFORMS": "cpu"})
    process = subprocess.run(
        [sys.executable, "-P", "-m", "commit_llm.train.plan.compilation"],  # -P: no module of the current folder
        input=json.dumps(question),
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if process.returncode > 0:
        raise RuntimeError(f"the compilation's process failed:\n{process.stderr}")
    try:
        answer = json.loads(process.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise UserError(
            f"the compiler crashed (status {process.returncode}) on --topology {topology}: {_cause(process.stderr)}; "
            "name another topology, mesh or --batch-size"
        ) from None
    if "mistake" in answer:
        raise UserError(answer["mistake"])
    return CompiledStep(**answer)


def _cause(text: str) -> str:
    """Take the line out of a crash's text that says why, cut short."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if re.match(r"F\d{4} |.*(Check failed|RESOURCE_EXHAUSTED)", line)]
    return (fatal[:1] or lines[-1:] or ["it said nothing"])[0][:300]
