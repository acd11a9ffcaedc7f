"""What to change where a step does not fit: flags, and by arithmetic what the step then needs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from commit_llm.model.config import ModelConfig
from commit_llm.parallel.mesh import make_mesh
from commit_llm.parallel.topologies import AbsentDevice, Topology, larger_topologies
from commit_llm.train.estimate import GIB, Memory, estimate_memory
from commit_llm.train.recipes import Recipe


@dataclass(frozen=True)
class Change:
    """Flags, and what the step needs with them on each device, in GiB, by arithmetic."""

    flags: str
    needed: float
    fits: bool


def estimate_on(recipe: Recipe, config: ModelConfig, devices: int, dtype: str) -> Memory:
    """`estimate_memory` on so many devices in the recipe's mesh; dtype is that of the products."""
    mesh = make_mesh(recipe.mesh, [AbsentDevice(number, "", "") for number in range(devices)])
    return estimate_memory(recipe, config, mesh.shape, 2 if dtype == "bfloat16" else 4)


def changes(
    recipe: Recipe, config: ModelConfig, devices: int, dtype: str, machine: Topology | None, there: float
) -> list[Change]:
    """Changes that need less memory than the recipe, each by itself; the last is the least larger machine that does.

    there: GiB on each device. machine is None where the devices are of no known kind; then none is larger.
    """
    now = estimate_on(recipe, config, devices, dtype).needed / GIB

    def change(flags: str, changed: Recipe, devices: int = devices) -> Change:
        compute = changed.dtype if changed.dtype != "auto" else dtype
        needed = estimate_on(changed, config, devices, compute).needed / GIB
        return Change(flags, needed, needed <= there)

    found = [made for made in (change(*option) for option in _options(recipe, devices, dtype)) if made.needed < now]
    for larger in larger_topologies(machine) if machine else []:
        changed, flags = _spread(recipe, larger.count)
        made = change(f"--topology {larger.name} {flags}", changed, larger.count)
        if made.fits:
            return [*found, made]
    return found


def _options(recipe: Recipe, devices: int, dtype: str) -> Iterator[tuple[str, Recipe]]:
    mesh = make_mesh(recipe.mesh, [AbsentDevice(number, "", "") for number in range(devices)]).shape
    split, parts = mesh["data"] * mesh["fsdp"], recipe.gradient_accumulation
    if mesh["fsdp"] != devices:
        changed, flags = _spread(recipe, devices)
        yield flags, changed
    if recipe.remat != "nothing":
        yield "--remat nothing", replace(recipe, remat="nothing")
    if dtype != "bfloat16":
        yield "--dtype bfloat16", replace(recipe, dtype="bfloat16")
    rows = recipe.batch_size // parts // split  # on each device at a time
    for times in (2**power for power in range(1, 12) if rows % 2**power == 0):
        flags = f"--batch-size {recipe.batch_size} --gradient-accumulation {parts * times}"
        yield flags, replace(recipe, gradient_accumulation=parts * times)
    if rows > 1:
        flags = f"--batch-size {split * parts} --gradient-accumulation {parts}"
        yield flags, replace(recipe, batch_size=split * parts)
    yield f"--seq-len {recipe.seq_len // 2}", replace(recipe, seq_len=recipe.seq_len // 2)


def _spread(recipe: Recipe, devices: int) -> tuple[Recipe, str]:
    """The recipe with its weights and rows over all devices, and the flags for it."""
    mesh, flags = "1,-1,1", "--mesh 1,-1,1"
    if recipe.batch_size // recipe.gradient_accumulation % devices == 0:
        return replace(recipe, mesh=mesh), flags
    rows = recipe.batch_size if recipe.batch_size % devices == 0 else devices
    changed = replace(recipe, mesh=mesh, batch_size=rows, gradient_accumulation=1)
    return changed, f"{flags} --batch-size {rows} --gradient-accumulation 1"
