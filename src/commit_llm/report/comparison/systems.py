"""Systems to compare: which evaluation directories belong to which system, and what each is called."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.report.comparison.evaluated_run import EvaluatedRun, read_run
from commit_llm.runs.chain import EVALUATION, find_in_chain, name_of
from commit_llm.runs.evaluation import RESULTS

LONGEST = 60  # characters of a name


@dataclass(frozen=True)
class System:
    """Hold a way of making a model, and its runs, which differ in the seed."""

    name: str
    runs: tuple[EvaluatedRun, ...]

    @property
    def seeds(self) -> int:
        """Count the runs."""
        return len(self.runs)

    def seed_of(self, run: EvaluatedRun) -> str:
        """Number a run among several. A page shows the number, since the path of a folder is private."""
        return f" (run {self.runs.index(run) + 1})" if self.seeds > 1 else ""


def read_systems(arguments: Sequence[str]) -> list[System]:
    """Read the systems that `[NAME=]DIR ...` name, in the order in which they are first named.

    Several directories with one NAME are seeds of one system. A directory without a NAME is called as its folder is,
    or as the output of `run` around it. Raises UserError for a directory that is none, for one that comes twice, for
    two that have one name by chance, and for fewer than two systems.
    """
    folders: dict[str, list[Path]] = {}
    explicit: dict[str, bool] = {}
    seen: dict[Path, str] = {}
    for argument in arguments:
        try:
            chosen, folder = _name_and_folder(argument)
            name, place = chosen or _own_name(folder), folder.resolve()
            if place.is_symlink():  # links in a circle, which Python 3.13 resolves to themselves
                raise RuntimeError
        except (OSError, RuntimeError) as error:  # a name too long for a file, links in a circle
            reason = getattr(error, "strerror", None) or "links in a circle"
            raise UserError(
                f"{argument[:200]}: cannot be looked for ({reason}); name an evaluation directory"
            ) from None
        if place in seen:
            raise UserError(f"{argument}: given twice, also as {seen[place]}")
        seen[place] = argument
        if name in folders and not (chosen and explicit[name]):
            raise UserError(
                f"{argument}: is called {name!r}, as {folders[name][0]} is; give each a name, as NAME={folder} (seeds "
                "of one system take the same NAME)"
            )
        folders.setdefault(name, []).append(folder)
        explicit[name] = bool(chosen)
    if len(folders) < 2:
        only = "".join(f"{name}: one system only; " for name in folders)
        raise UserError(f"{only}name at least two evaluation directories to compare, each as [NAME=]DIR")
    systems = [System(name, tuple(map(read_run, of_system))) for name, of_system in folders.items()]
    for system in systems:
        _require_seeds(system)
    return systems


def _name_and_folder(argument: str) -> tuple[str, Path]:
    name, separator, rest = argument.partition("=")
    if not separator or Path(argument).exists():
        return "", find_in_chain(Path(argument), EVALUATION, RESULTS)
    if not name.strip() or len(name) > LONGEST or not name.isprintable():
        raise UserError(f"{argument}: a name is 1 to {LONGEST} printable characters before the =")
    return name.strip(), find_in_chain(Path(rest), EVALUATION, RESULTS)


def _own_name(folder: Path) -> str:
    """Name a folder as it is called. Name an evaluation within the output of `run` as that output is called."""
    name = name_of(folder, EVALUATION)
    return "".join(character if character.isprintable() else "?" for character in name[:LONGEST]) or "?"


def _require_seeds(system: System) -> None:
    """Raise UserError where two runs are of the same model: it would look surer than it is."""
    seen: dict[str, Path] = {}
    for run in system.runs:
        fingerprint = run.model["fingerprint"]
        if fingerprint in seen:
            raise UserError(
                f"{system.name}: {seen[fingerprint]} and {run.folder} are of the same model, not of two seeds; leave "
                "one out"
            )
        seen[fingerprint] = run.folder
