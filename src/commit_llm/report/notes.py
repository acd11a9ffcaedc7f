"""What a reader of compared scores must know beside them, in sentences."""

from collections.abc import Sequence
from typing import Any

from commit_llm.report.systems import System, signed


def notes(systems: Sequence[System], baseline: str, tasks: Sequence[str], contaminated: Sequence[str]) -> list[str]:
    """A sentence for everything that a reader of the scores must know. contaminated: lines of what was found."""
    told = [f"Contaminated, the training text held contexts of the questions: {line}." for line in contaminated]
    told += _of_seeds(systems, baseline)
    runs = [run for system in systems for run in system.runs]
    if left_out := sorted({name for run in runs for name in (*run.tasks, *run.left_out)} - set(tasks)):
        told.append(f"Not compared, since not all systems have answers to them here: {', '.join(left_out)}.")
    for part, name in (("dtype", "products in"), ("version", "versions of commit-llm:")):
        values = sorted({signed(run.tasks[task]).get(part, "?") for run in runs for task in tasks})
        if len(values) > 1:
            told.append(f"Not all alike: {name} {' and '.join(values)}.")
    unknown = [system.name for system in systems if any(run.model.get("training") is None for run in system.runs)]
    if unknown:
        told.append(f"Not known: what {', '.join(unknown)} was trained on, and whether that held the contexts.")
    return told


def _of_seeds(systems: Sequence[System], baseline: str) -> list[str]:
    """Which differences hold for a way of training, and which for checkpoints only."""
    base = next(system for system in systems if system.name == baseline)
    others = [system for system in systems if system is not base]
    alone = [system.name for system in others if system.seeds == 1]
    if base.seeds == 1 and len(alone) == len(others):
        return [
            f"One seed a side: {'each' if len(others) > 1 else 'this'} is a difference between two checkpoints, not "
            "methods. Other seeds may differ by more than the intervals say."
        ]
    told = []
    if base.seeds == 1:
        told.append(f"{baseline} has one seed: differences are to that checkpoint, not to its method.")
    elif alone:
        told.append(f"One seed only: {', '.join(alone)}. What is said of it holds for that checkpoint, not its method.")
    few = [system.name for system in systems if system.seeds == 2]
    if few:
        told.append(f"Two seeds only: {', '.join(few)}. They say little of how seeds vary; take three or more.")
    return told


def trained_on(system: System) -> list[str]:
    """What the models of a system were trained on, a line a stage, oldest first; a span where its seeds differ.

    Examples are those that came up, as often as they did; tokens are without padding.
    """
    histories = [run.model.get("training") for run in system.runs]
    if any(not isinstance(history, list) or not history for history in histories):
        return ["not known"]
    lines = []
    for stage in zip(*histories, strict=False):
        spans = ", ".join(f"{_span([of_run.get(name) for of_run in stage])} {name}" for name in ("examples", "tokens"))
        ratio = stage[0].get("ratio")
        mixed = f", mixed at ratio {ratio:g}" if isinstance(ratio, int | float) and ratio else ""
        lines.append(f"{stage[0].get('data') or 'no name'}{mixed}: {spans}")
    return lines


def _span(values: Sequence[Any]) -> str:
    numbers = sorted({value for value in values if isinstance(value, int)})
    if len(numbers) < 1:
        return "an unknown number of"
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
