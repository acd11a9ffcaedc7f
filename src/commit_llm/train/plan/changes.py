"""Changes that make a step fit: flags, and by arithmetic the memory that the step then needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.parallel.mesh_choice import lay_out
from commit_llm.parallel.mesh_sizes import AUTO
from commit_llm.parallel.topologies import AbsentDevice, Topology, larger_topologies
from commit_llm.recipes import Recipe
from commit_llm.train.plan.estimate import GIB, Memory, estimate_memory


@dataclass(frozen=True)
class Change:
    """Hold flags, and what the step needs with them on each device, in GiB, by arithmetic.

    costs: what else they change, in a few words; "" where that is little.
    """

    flags: str
    needed: float
    fits: bool
    costs: str = ""


# From the mildest to the hardest, with what each changes beside the memory (docs/planning.md).
OPTIMIZERS = {
    "adamw": "",
    "adamw-split": "bf16 weights and gradients",
    "adamw-lean": "bf16 weights and gradients, factored second moments",
}

LORA_RANK = 16  # of the adapters that are offered


@dataclass(frozen=True)
class Conditions:
    """Hold what stays as it is while a recipe changes.

    config: of the model.
    dtype: that `--dtype auto` comes to.
    scores: whether the attention keeps its scores in memory, as the reference path does.
    platform: of the devices; on "tpu" fewer meshes run than elsewhere.
    devices_a_host: None where one host has all.
    saved: PEFT's names of what LoRA trains whole beside this model unasked (train/grown_rows.py).
    """

    config: ModelConfig
    dtype: str
    scores: bool = True
    platform: str = "gpu"
    devices_a_host: int | None = None
    saved: tuple[str, ...] = ()

    def dtype_of(self, recipe: Recipe) -> str:
        """Give the dtype of the matrix products: bfloat16 or float32."""
        return self.dtype if recipe.dtype == "auto" else recipe.dtype

    def estimate(self, recipe: Recipe, devices: int) -> Memory:
        """Do `estimate_memory` on so many devices in the recipe's mesh. Raises UserError as `mesh` does."""
        return self.estimate_on(recipe, self.mesh(recipe, devices))

    def estimate_on(self, recipe: Recipe, mesh: Mapping[str, int]) -> Memory:
        """Do `estimate_memory` on a mesh."""
        width = {"bfloat16": 2, "float32": 4}[self.dtype_of(recipe)]
        return estimate_memory(recipe, self.config, mesh, width, scores=self.scores)

    def mesh(self, recipe: Recipe, devices: int) -> Mapping[str, int]:
        """Give the sizes of the recipe's mesh on so many devices, some of which it may leave idle.

        Raises UserError where the recipe is refused there.
        """
        a_host = self.devices_a_host or devices
        absent = [AbsentDevice(number, self.platform, "", process_index=number // a_host) for number in range(devices)]
        rows = recipe.batch_size // recipe.gradient_accumulation
        return lay_out(recipe.mesh, self.config, rows, absent).mesh.shape


def changes(
    recipe: Recipe, conditions: Conditions, devices: int, machine: Topology | None, available: float
) -> list[Change]:
    """List changes that need less memory than the recipe, each by itself; the last is the next machine that fits.

    Each kind of change gives the mildest one that fits, or else the hardest. What `train` would refuse is left out.

    machine: None where the devices are of no known kind; then no larger one is looked for.
    available: GiB on each device.
    """
    now = conditions.estimate(recipe, devices).needed / GIB

    def reckon(options: list[tuple[str, Recipe]], conditions: Conditions, devices: int) -> Iterator[Change]:
        for flags, changed in options:
            try:
                changed.check()
                needed = conditions.estimate(changed, devices).needed / GIB
            except UserError:
                continue
            yield Change(flags, needed, needed <= available, _costs(recipe, changed))

    helpful = []
    for ladder in _options(recipe, conditions, devices):
        steps = [step for step in reckon(ladder, conditions, devices) if step.needed < now]
        fitting = [step for step in steps if step.fits]
        helpful += fitting[:1] or steps[-1:]
    for larger in larger_topologies(machine) if machine else []:
        there = replace(conditions, devices_a_host=larger.kind.devices_a_host)
        options = [
            (f"--topology {larger.name} {flags}".rstrip(), spread) for flags, spread in _spread(recipe, larger.count)
        ]
        if fitting := [move for move in reckon(options, there, larger.count) if move.fits]:
            return [*helpful, fitting[0]]
    return helpful


def _options(recipe: Recipe, conditions: Conditions, devices: int) -> Iterator[list[tuple[str, Recipe]]]:
    """Yield ladders of (flags, recipe with them), each from the mildest step to the hardest."""
    mesh = conditions.mesh(recipe, devices)
    split, parts = mesh["data"] * mesh["fsdp"], recipe.gradient_accumulation
    if mesh["fsdp"] != devices:
        yield _spread(recipe, devices)
    if recipe.remat != "nothing":
        yield [("--remat nothing", replace(recipe, remat="nothing"))]
    if conditions.dtype_of(recipe) != "bfloat16" and conditions.dtype == "bfloat16":  # the devices multiply in it
        yield [("--dtype bfloat16", replace(recipe, dtype="bfloat16"))]
    yield list(_leaner(recipe, conditions.saved))
    rows = recipe.batch_size // parts // split  # on each device at a time
    divisors = [divisor for divisor in range(2, rows + 1) if rows % divisor == 0]
    yield [_with(recipe, recipe.batch_size, parts * divisor) for divisor in divisors]
    yield [_with(recipe, recipe.batch_size // divisor, parts) for divisor in divisors]
    yield [(f"--seq-len {recipe.seq_len // 2}", replace(recipe, seq_len=recipe.seq_len // 2))]


def _leaner(recipe: Recipe, saved: tuple[str, ...]) -> Iterator[tuple[str, Recipe]]:
    """Yield optimizers that keep less, and in the end adapters, where there are weights to train them beside."""
    if recipe.lora_r is not None:
        return
    names: list[Any] = list(OPTIMIZERS)
    for name in names[names.index(recipe.optimizer) + 1 :]:
        yield f"--optimizer {name}", replace(recipe, optimizer=name)
    if not recipe.from_scratch:
        plain = "" if recipe.optimizer == "adamw" else "--optimizer adamw "
        yield (
            f"{plain}--lora-r {LORA_RANK}",
            replace(recipe, optimizer="adamw", lora_r=LORA_RANK, modules_to_save=saved),
        )


def _costs(recipe: Recipe, changed: Recipe) -> str:
    if changed.lora_r != recipe.lora_r:
        trained = " and ".join(["adapters", *changed.modules_to_save])
        return f"trains only {trained}, with bf16 weights"
    return "" if changed.optimizer == recipe.optimizer else OPTIMIZERS[changed.optimizer]


def _with(recipe: Recipe, batch_size: int, parts: int) -> tuple[str, Recipe]:
    flags = f"--batch-size {batch_size} --gradient-accumulation {parts}"
    return flags, replace(recipe, batch_size=batch_size, gradient_accumulation=parts)


def _spread(recipe: Recipe, devices: int) -> list[tuple[str, Recipe]]:
    """Give the recipe spread over as many devices as divide it, and then with a row for each, with the flags."""
    flags, spread = ("" if recipe.mesh == AUTO else f"--mesh {AUTO}"), replace(recipe, mesh=AUTO)
    if recipe.batch_size // recipe.gradient_accumulation % devices == 0:
        return [(flags, spread)]
    rows = recipe.batch_size if recipe.batch_size % devices == 0 else devices
    with_rows, more = _with(spread, rows, 1)
    return [(flags, spread), (f"{flags} {with_rows}".lstrip(), more)]
