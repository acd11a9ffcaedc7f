"""Find how little the backward pass has to compute again, from the memory that there is: `--remat auto`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from commit_llm.model.config import ModelConfig
from commit_llm.model.execution import Remat
from commit_llm.recipes import Recipe
from commit_llm.train.plan.estimate import GIB, estimate_memory

LADDER: tuple[Remat, ...] = ("none", "dots", "nothing")  # from the least computed again to the most
# The share of the memory that a step may need by arithmetic, which is near the compilers' figures (docs/planning.md). A
# CPU's memory is also for the data, the libraries, and a second copy of the state while it is saved.
SHARES = {"cpu": 0.5, "gpu": 0.85, "tpu": 0.85}


@dataclass(frozen=True)
class RematChoice:
    """Hold what a layer keeps for the backward pass, and why.

    value: of `Execution.remat`.
    reason: a few words for the user; "" where the recipe says the value.
    """

    value: Remat
    reason: str = ""

    def __str__(self) -> str:
        return f"remat: {self.value} ({self.reason})" if self.reason else f"remat: {self.value}"


def choose_remat(
    recipe: Recipe,
    config: ModelConfig,
    mesh: Mapping[str, int],
    compute_bytes: int,
    *,
    scores: bool,
    platform: str,
    available: int | None,
) -> RematChoice:
    """Choose what a recipe says, or for `auto` the first of `LADDER` whose step fits; the last where none does.

    mesh, compute_bytes, scores: as in `estimate_memory`.
    available: bytes on each device; None where that is not known.
    """
    if recipe.remat != "auto":
        return RematChoice(recipe.remat)
    if available is None:
        return RematChoice(LADDER[-1], "auto: the device does not say how much memory it has")
    most = SHARES[platform] * available
    for value in LADDER:
        needed = estimate_memory(replace(recipe, remat=value), config, mesh, compute_bytes, scores=scores).needed
        if needed <= most:
            break
    relation = "of" if needed <= most else "above"
    reason = f"auto: {needed / GIB:.3g} GiB by arithmetic, {relation} {most / GIB:.3g} that it may take on each device"
    return RematChoice(value, reason)


def most_recomputed(values: Iterable[Remat]) -> Remat:
    """Give the value that needs the least memory, of those that several processes have chosen."""
    return max(values, key=LADDER.index)
