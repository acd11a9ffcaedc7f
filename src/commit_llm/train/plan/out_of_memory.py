"""Say in one line what would fit, where training runs out of a device's memory."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import jax

from commit_llm.errors import UserError
from commit_llm.model.execution import compute_dtype
from commit_llm.parallel.device_memory import bytes_for_program
from commit_llm.train.grown_rows import modules_with_grown_rows
from commit_llm.train.model_source import ModelSource
from commit_llm.train.plan.changes import Conditions, changes
from commit_llm.train.plan.estimate import GIB
from commit_llm.train.prepare import Training

EXHAUSTED = "RESOURCE_EXHAUSTED"  # the code that XLA writes before its message


@contextmanager
def naming_what_fits(training: Training, base: ModelSource) -> Iterator[None]:
    """Turn the error of a device whose memory runs out into a UserError that names the mildest way that fits.

    Where none does, it is the hardest, and said to be too much too; where the memory is not known, the mildest.
    """
    try:
        yield
    except jax.errors.JaxRuntimeError as error:
        if EXHAUSTED not in str(error):
            raise
        raise UserError(_what_fits(training, base)) from error


def conditions_of(training: Training) -> Conditions:
    """Give the conditions under which a training's memory is reckoned."""
    mesh = training.batch_sharding.mesh
    device = mesh.devices.flat[0]
    dtype, scores = compute_dtype("auto", device).name, training.attention.path == "reference"
    hosts = len({device.process_index for device in mesh.devices.flat})  # of which each has as many in the mesh
    return Conditions(training.config, dtype, scores, device.platform, devices_a_host=mesh.size // hosts)


def _what_fits(training: Training, base: ModelSource) -> str:
    recipe, mesh = training.recipe, training.batch_sharding.mesh
    device = mesh.devices.flat[0]
    conditions = conditions_of(training)
    if recipe.lora_r is None:
        conditions = replace(conditions, saved=modules_with_grown_rows(base))
    needed = conditions.estimate_on(recipe, mesh.shape).needed / GIB
    memory = bytes_for_program(mesh.local_devices)
    there = "" if memory is None else f" of {memory / GIB:.4g}"
    amount = f"by arithmetic a step needs {needed:.4g} GiB{there} on each"
    offered = changes(recipe, conditions, mesh.size, None, (math.inf if memory is None else memory) / GIB)
    leaner = [change for change in offered if change.costs]
    way_out = "".join(
        f"{change.flags} would need {change.needed:.4g}{'' if change.fits else ', which is too much too'} "
        f"({change.costs}), with another --out; "
        for change in leaner
    )
    return f"out of memory on {device.device_kind}: {amount}; {way_out}`commit-llm plan` lists what else would help"
