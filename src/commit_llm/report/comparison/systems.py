"""Systems to compare: evaluation directories read and checked, each one seed of a system that has a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError
from commit_llm.files.records import read_records
from commit_llm.report.comparison.entries import METRICS, is_score, require_entries
from commit_llm.runs.chain import EVALUATION, find_in_chain, name_of
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS, read_evaluation

LONGEST = 60  # characters of a name
SHOWN = 16  # characters of a condition that differs
# What two scores must share to be compared: entries of results.json, and parts of the signature.
ALIKE = {
    "prompts_sha256": "prompts", "task_version": "task version", "limit": "limit", "suite": "suite",
    "language": "language",
}  # fmt: skip
ALIKE_SIGNED = ("labels", "bos", "normaliser", "decoding")


@dataclass(frozen=True)
class Run:
    """One evaluation directory. tasks: the entries of results.json that are ours; rows: of predictions.jsonl by id."""

    folder: Path
    model: Mapping[str, Any]
    tasks: Mapping[str, Mapping[str, Any]]
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class System:
    """A way of making a model, and its runs, which differ in the seed."""

    name: str
    runs: tuple[Run, ...]

    @property
    def seeds(self) -> int:
        """How many runs it has."""
        return len(self.runs)

    def seed_of(self, run: Run) -> str:
        """Which of several runs one is, in the order given: a folder's path is nobody's business on a page."""
        return f" (run {self.runs.index(run) + 1})" if self.seeds > 1 else ""


def read_systems(given: Sequence[str]) -> list[System]:
    """The systems that `[NAME=]DIR ...` name, in the order in which they are first named.

    Several directories with one NAME are its seeds. Without a NAME it is that of the folder, or of the output of
    `run` around it. Raises UserError for a directory that is none, one given twice, a name that two have by chance,
    and fewer than two systems.
    """
    named: dict[str, list[Path]] = {}
    explicit: dict[str, bool] = {}
    seen: dict[Path, str] = {}
    for argument in given:
        try:
            told, folder = _name_and_folder(argument)
            name, place = told or _own_name(folder), folder.resolve()
        except (OSError, RuntimeError) as error:  # a name too long for a file, links in a circle (Python 3.11)
            reason = getattr(error, "strerror", None) or "links in a circle"
            raise UserError(
                f"{argument[:200]}: cannot be looked for ({reason}); name an evaluation directory"
            ) from None
        if place in seen:
            raise UserError(f"{argument}: given twice, also as {seen[place]}")
        seen[place] = argument
        if name in named and not (told and explicit[name]):
            raise UserError(
                f"{argument}: is called {name!r}, as {named[name][0]} is; give each a name, as NAME={folder} (seeds of "
                "one system take the same NAME)"
            )
        named.setdefault(name, []).append(folder)
        explicit[name] = bool(told)
    if len(named) < 2:
        only = "".join(f"{name}: one system only; " for name in named)
        raise UserError(f"{only}name at least two evaluation directories to compare, each as [NAME=]DIR")
    systems = [System(name, tuple(read_run(folder) for folder in folders)) for name, folders in named.items()]
    for system in systems:
        _require_seeds(system)
    return systems


def read_run(folder: Path) -> Run:
    """An evaluation directory with all its answers; tasks of lm-eval are left out, and named.

    Raises UserError where files are missing or malformed, or where the answers are not those of results.json.
    """
    model, entries = read_evaluation(folder)
    require_entries(folder / RESULTS, model, entries)
    tasks = {name: entry for name, entry in entries.items() if "suite" in entry}
    if not tasks:
        raise UserError(f"{folder}: none of its tasks can be compared; it has {', '.join(entries) or 'none'}")
    rows: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in tasks}
    path = folder / PREDICTIONS
    for number, row in enumerate(read_records(path), 1):
        if not _is_answer(row):
            raise UserError(f"{path}: row {number} is no answer with its scores; evaluate again with this version")
        if row["task"] not in tasks:
            continue
        if row["id"] in rows[row["task"]]:
            raise UserError(
                f"{path}: row {number}: question {ascii(row['id'])[:LONGEST]} of {row['task']} stands there twice"
            )
        rows[row["task"]][row["id"]] = row
    for name, entry in tasks.items():
        _require_whole(folder, name, entry, rows[name])
    return Run(folder, model, tasks, rows, tuple(name for name in entries if name not in tasks))


def read_contexts(folder: Path) -> dict[tuple[str, str], str]:
    """The contexts of an evaluation directory, by task and context_id."""
    path = folder / CONTEXTS
    try:
        contexts = {(row["task"], row["context_id"]): row["context"] for row in read_records(path)}
    except (KeyError, TypeError):
        contexts = {("", ""): None}
    if not all(isinstance(context, str) for context in contexts.values()):
        raise UserError(f"{path}: malformed; evaluate again with this version")
    return contexts


def common_tasks(systems: Sequence[System]) -> list[str]:
    """The tasks that every run has, in the order of the first; UserError where there is none."""
    runs = [run for system in systems for run in system.runs]
    common = [name for name in runs[0].tasks if all(name in run.tasks for run in runs)]
    if not common:
        told = "; ".join(f"{run.folder} has {', '.join(run.tasks)}" for run in runs)
        raise UserError(f"no task was evaluated in all of them: {told}")
    return common


def require_alike(systems: Sequence[System], tasks: Sequence[str]) -> None:
    """Raise UserError, naming what differs, where a task was not asked and scored alike in all runs."""
    runs = [run for system in systems for run in system.runs]
    for task in tasks:
        first = _conditions(runs[0].tasks[task])
        for run in runs[1:]:
            other = _conditions(run.tasks[task])
            different = [
                f"{name} {first[name][:SHOWN]} and {other[name][:SHOWN]}"
                for name in first
                if first[name] != other[name]
            ]
            if different:
                raise UserError(
                    f"{task}: {runs[0].folder} and {run.folder} cannot be compared: {', '.join(different)}; "
                    "evaluate both alike"
                )
            if missing := [ascii(id)[:LONGEST] for id in runs[0].rows[task] if id not in run.rows[task]]:
                raise UserError(
                    f"{task}: {run.folder} has no answer to {len(missing)} questions, such as {missing[0]}; evaluate "
                    "both alike"
                )


def contaminated(systems: Sequence[System], tasks: Sequence[str]) -> list[str]:
    """A line for every run and task whose contexts were in the run's training text."""
    return [
        f"{system.name}{system.seed_of(run)}, {task}: {found} of {run.tasks[task].get('contexts')} contexts"
        for system in systems
        for run in system.runs
        for task in tasks
        if (found := run.tasks[task].get("contaminated_contexts"))
    ]


def signed(entry: Mapping[str, Any]) -> dict[str, str]:
    """The parts of a task's signature, by name."""
    parts = (part.partition(":") for part in entry["signature"].split("|"))
    return {name: value for name, _, value in parts}


def _name_and_folder(argument: str) -> tuple[str, Path]:
    name, separator, rest = argument.partition("=")
    if not separator or Path(argument).exists():
        return "", find_in_chain(Path(argument), EVALUATION, RESULTS)
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise UserError(f"{argument}: a name is 1 to {LONGEST} printable characters before the =")
    return name.strip(), find_in_chain(Path(rest), EVALUATION, RESULTS)


def _own_name(folder: Path) -> str:
    """That of the folder; of an evaluation within the output of `run`, that of the output."""
    name = name_of(folder, EVALUATION)
    return "".join(character if character.isprintable() else "?" for character in name[:LONGEST]) or "?"


def _require_seeds(system: System) -> None:
    """The same model twice is not two seeds: the arm would look surer than it is."""
    seen: dict[str, Path] = {}
    for run in system.runs:
        fingerprint = run.model["fingerprint"]
        if fingerprint in seen:
            raise UserError(
                f"{system.name}: {seen[fingerprint]} and {run.folder} are of the same model, not of two seeds; leave "
                "one out"
            )
        seen[fingerprint] = run.folder


def _is_answer(row: Mapping[str, Any]) -> bool:
    texts = all(isinstance(row.get(name), str) for name in ("id", "task", "context_id", "question", "prediction"))
    references = row.get("references")
    return (
        texts
        and isinstance(references, list)
        and all(isinstance(text, str) for text in references)
        and all(is_score(row.get(name)) for name in METRICS)
        and ("exact_match_english" not in row or is_score(row["exact_match_english"]))
    )


def _require_whole(folder: Path, task: str, entry: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UserError where the answers are not all there, or do not come to the scores of results.json."""
    items = entry["items"]
    if len(rows) != items:
        raise UserError(
            f"{folder / PREDICTIONS}: has answers to {len(rows)} of the {items} questions of {task}; evaluate again "
            "with --overwrite"
        )
    for name in METRICS:
        mean = sum(row[name] for row in rows.values()) / items
        if abs(mean - entry[name]) > 0.02:  # both are rounded to two decimals
            raise UserError(
                f"{folder}: {name} of {task} is {entry[name]} in {RESULTS}, and {mean:.2f} by its {PREDICTIONS}; "
                "evaluate again with --overwrite"
            )


def _conditions(entry: Mapping[str, Any]) -> dict[str, str]:
    signature = signed(entry)
    held = {told: entry.get(name) for name, told in ALIKE.items()}
    held |= {name: signature.get(name) for name in ALIKE_SIGNED}
    return {name: "none" if value is None else str(value) for name, value in held.items()}
