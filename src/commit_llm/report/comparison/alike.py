"""What systems share: their common tasks, asked and scored alike, and contexts that they were trained on."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from commit_llm.errors import UserError
from commit_llm.report.comparison.evaluated_run import SHOWN_ID
from commit_llm.report.comparison.systems import System
from commit_llm.runs.evaluation import AS_TUNED, read_signature

# What two scores must share to be compared: entries of results.json, by what a message calls them, and parts of the
# signature.
ENTRIES = {
    "prompts": "prompts_sha256", "task version": "task_version", "limit": "limit",
    "number of questions a context": "per_context", "suite": "suite",
    "language": "language",
}  # fmt: skip
SIGNED = ("labels", "normaliser", "decoding")
# Of the reference's tasks, which have no bos, that must be the same too. Of those that ask as the model was tuned it
# belongs to the model, as the tokenizer does, and so does the template that chat tasks are asked through: their
# prompts_sha256 is of messages and references alone. A greatest length must be the same where both were given one.
MAX_LENGTH = "max-length"
SHOWN = 16  # characters of a condition that differs


def common_tasks(systems: Sequence[System]) -> list[str]:
    """List the tasks that every run has, in the order of the first run. Raises UserError where there is none."""
    runs = [run for system in systems for run in system.runs]
    common = [name for name in runs[0].tasks if all(name in run.tasks for run in runs)]
    if not common:
        tasks = "; ".join(f"{run.folder} has {', '.join(run.tasks)}" for run in runs)
        raise UserError(f"no task was evaluated in all of them: {tasks}; evaluate one task in all")
    return common


def require_alike(systems: Sequence[System], tasks: Sequence[str]) -> None:
    """Raise UserError where a task was not asked and scored alike in all runs. The message names what differs."""
    runs = [run for system in systems for run in system.runs]
    for task in tasks:
        conditions = [_conditions(run.tasks[task]) for run in runs]
        for (one, of_one), (other, of_other) in combinations(zip(runs, conditions, strict=True), 2):
            if different := _different(of_one, of_other):
                raise UserError(
                    f"{task}: {one.folder} and {other.folder} cannot be compared: {', '.join(different)}; "
                    "evaluate both alike"
                )
        for run in runs[1:]:
            if missing := [ascii(id)[:SHOWN_ID] for id in runs[0].rows[task] if id not in run.rows[task]]:
                raise UserError(
                    f"{task}: {run.folder} has no answer to {len(missing)} questions, such as {missing[0]}; evaluate "
                    "both alike"
                )


def contaminated(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """Write a line for every run and task where the model was trained on some of the contexts."""
    return [
        f"{system.name}{system.seed_of(run)}, {task}: {number} of {run.tasks[task].get('contexts')} contexts"
        for system in systems
        for run in system.runs
        for task in tasks
        if (number := run.tasks[task].get("contaminated_contexts"))
    ]


def _conditions(entry: Mapping[str, Any]) -> dict[str, str]:
    signature = read_signature(entry["signature"])
    conditions = {name: entry.get(key) for name, key in ENTRIES.items()}
    conditions |= {name: signature.get(name) for name in SIGNED}
    if signature.get("labels") not in AS_TUNED:
        conditions["bos"] = signature.get("bos")
    elif MAX_LENGTH in signature:
        conditions[MAX_LENGTH] = signature[MAX_LENGTH]
    return {name: "none" if value is None else str(value) for name, value in conditions.items()}


def _different(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Say which conditions differ, of those that both have."""
    return [
        f"{name} {one[name][:SHOWN]} and {other[name][:SHOWN]}"
        for name in one
        if name in other and one[name] != other[name]
    ]
