"""Sentences that a reader of compared scores must know, and lines that say what each system was trained on."""

from collections.abc import Sequence
from typing import Any

from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.report.comparison.evaluated_run import EvaluatedRun
from commit_llm.report.comparison.systems import System
from commit_llm.runs.entries import is_many
from commit_llm.runs.evaluation import read_signature

# Parts of a signature: what a sentence calls each, and what it is where a signature has none.
TOLD_WHERE_DIFFERENT = {
    "dtype": ("products in", "?"),
    "version": ("versions of commit-llm:", "?"),
    "bos": ("bos before the prompt:", "?"),
    "tokenizer": ("tokenizers:", "?"),
    "max-length": ("tokens of prompt and answer:", "as many as the model has positions"),
}
RECIPE = ("data", "form", "behaviour", "ratio", "ways")  # of a stage: what runs that differ in the seed have in common


def caveats(systems: Sequence[System], baseline: str, tasks: Sequence[str], contaminated: Sequence[str]) -> list[str]:
    """Write a sentence for each thing that a reader of the scores must know.

    contaminated: lines that name the contexts that a model was trained on.
    """
    notes = [f"Contaminated, the training text held contexts of the questions: {line}." for line in contaminated]
    notes += _of_seeds(systems, baseline)
    runs = [run for system in systems for run in system.runs]
    if left_out := sorted({name for run in runs for name in (*run.tasks, *run.left_out)} - set(tasks)):
        notes.append(f"Not compared, since not all systems have answers to them here: {', '.join(left_out)}.")
    notes += _not_alike(systems, tasks)
    notes += _of_templates(systems, tasks)
    notes += _of_identifiers(systems, tasks)
    notes += _without_answers(systems, tasks)
    for system in systems:
        if len(_alike_trained(system)) > 1:
            notes.append(f"The runs of {system.name} differ in more than the seed: what they were trained on is below.")
    unknown = [system.name for system in systems if any(run.model.get("training") is None for run in system.runs)]
    if unknown:
        notes.append(f"Not known: what {', '.join(unknown)} was trained on, and whether that held the contexts.")
    unlooked = [
        system.name
        for system in systems
        if any(run.tasks[task].get("contaminated_contexts") is None for run in system.runs for task in tasks)
    ]
    if unlooked := [name for name in unlooked if name not in unknown]:
        notes.append(f"Not known: whether what {', '.join(unlooked)} was trained on held the contexts.")
    return notes


def _not_alike(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """Say of each side how it answered, where that differs and need not be the same."""
    notes = []
    for part, (name, absent) in TOLD_WHERE_DIFFERENT.items():
        sides: dict[str, list[str]] = {}
        for task in tasks:
            by_system = {
                system.name: {read_signature(run.tasks[task]["signature"]).get(part, absent) for run in system.runs}
                for system in systems
            }
            if len(set.union(*by_system.values())) > 1:
                for system, values in by_system.items():
                    for value in values:
                        sides.setdefault(value, []).append(system)
        if sides:
            of = [f"{value} ({', '.join(dict.fromkeys(sides[value]))})" for value in sorted(sides)]
            notes.append(f"Not all alike: {name} {' and '.join(of)}.")
    return notes


def _of_templates(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """Say through which template each system was asked, in chat tasks: the start of its hash."""
    sides: dict[str, dict[str, None]] = {}
    for system in systems:
        for run in system.runs:
            for task in tasks:
                if template := read_signature(run.tasks[task]["signature"]).get("template"):
                    sides.setdefault(template, {})[system.name] = None
    of = [f"{template} ({', '.join(names)})" for template, names in sides.items()]
    return [f"Chat tasks are asked through each model's own chat template: {', '.join(of)}."] if of else []


def _of_identifiers(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """Say who was looked at by which identifier, where the languages of answers are known by several."""
    sides: dict[str, dict[str, None]] = {}
    for system in systems:
        for run in system.runs:
            for task in tasks:
                if name := run.tasks[task].get("language_identifier"):
                    sides.setdefault(name, {})[system.name] = None
    of = [f"{name} ({', '.join(sides[name])})" for name in sorted(sides)]
    return [f"Not all alike: the languages of answers are known by {' and '.join(of)}."] if len(of) > 1 else []


def _without_answers(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """Name the tasks where many answers are empty, or were cut at the most new tokens."""
    notes = []
    for name, what in (("empty", "empty"), ("cut", "cut, since they had not ended")):
        many = [
            f"{system.name}{system.seed_of(run)}, {task}: {entry[name]} of {entry['items']}"
            for system in systems
            for run in system.runs
            for task in tasks
            if is_many((entry := run.tasks[task]).get(name), entry["items"])
        ]
        if many:
            notes.append(f"More than a tenth of the answers are {what}: {'; '.join(many)}.")
    return notes


def _of_seeds(systems: Sequence[System], baseline: str) -> list[str]:
    """Say which differences hold for a way of training, and which for checkpoints only."""
    base = next(system for system in systems if system.name == baseline)
    compared = [system for system in systems if system is not base]
    alone = [system.name for system in compared if system.seeds == 1]
    if base.seeds == 1 and len(alone) == len(compared):
        return [
            f"One seed a side: {'each' if len(compared) > 1 else 'this'} is a difference between two checkpoints, not "
            "methods. Other seeds may differ by more than the intervals say."
        ]
    notes = []
    if base.seeds == 1:
        notes.append(f"{baseline} has one seed: differences are to that checkpoint, not to its method.")
    elif alone:
        notes.append(
            f"One seed only: {', '.join(alone)}. What is said of it holds for that checkpoint, not its method."
        )
    few = [system.name for system in systems if system.seeds == 2]
    if few:
        notes.append(f"Two seeds only: {', '.join(few)}. They say little of how seeds vary; take three or more.")
    return notes


def trained_on(system: System) -> list[str]:
    """Say what the models of a system were trained on: a line a stage, the oldest first.

    An example counts as often as it came up. Padding is not a token. Where seeds differ in a number, the line has its
    range. Runs that differ in more than the seed have lines of their own.
    """
    alike = _alike_trained(system)
    lines = []
    for runs in alike:
        of_runs = "".join(map(system.seed_of, runs)) if len(alike) > 1 else ""
        histories = [run.model.get("training") for run in runs]
        if not histories[0]:
            lines.append(("not known" if histories[0] is None else "nothing") + of_runs)
        for stage in zip(*(history or [] for history in histories), strict=True):
            spans = ", ".join(f"{_span([one.get(name) for one in stage])} {name}" for name in ("examples", "tokens"))
            ratio = stage[0].get("ratio")
            ways = stage[0].get("ways")
            mixed = f", mixed at ratio {ratio_text(ratio)}" if ratio else ", mixed" if ways else ""
            mixed += f" ({ways})" if ways else ""
            lines.append(f"{stage[0].get('data') or 'no name'}{mixed}: {spans}{of_runs}")
    return lines


def _alike_trained(system: System) -> list[list[EvaluatedRun]]:
    """Group the runs of a system whose stages had the same data, form, behaviour and mixing."""
    groups: list[tuple[Any, list[EvaluatedRun]]] = []
    for run in system.runs:
        training = run.model.get("training")
        recipe = None if training is None else [[stage.get(name) for name in RECIPE] for stage in training]
        same = [runs for of_group, runs in groups if of_group == recipe]
        if same:
            same[0].append(run)
        else:
            groups.append((recipe, [run]))
    return [runs for _, runs in groups]


def _span(values: Sequence[Any]) -> str:
    numbers = sorted({value for value in values if isinstance(value, int)})
    if len(numbers) < 1:
        return "an unknown number of"
    return f"{numbers[0]:,}" if len(numbers) == 1 else f"{numbers[0]:,} to {numbers[-1]:,}"
