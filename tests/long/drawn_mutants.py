"""Draw small faults of the source with cosmic-ray, and put one into a copy of it."""

import ast
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.source import SOURCE

DRAWN_FROM = ("codemix", "data", "train", "evaluate/scores.py")


class DrawnMutant(NamedTuple):
    """Name a fault: one operator of cosmic-ray at one of the places where it fits.

    path: of the file, inside the package.
    line: from 1.
    """

    path: str
    operator: str
    occurrence: int
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.operator.removeprefix('core/')}"

    def of(self, source: str) -> str:
        """Give the source of the file with the fault."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        mutated = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert isinstance(mutated, str)
        return mutated


def draw_mutants(seed: int, number: int) -> list[DrawnMutant]:
    """Draw faults from all that the tool knows for these rooms, but for those that only change a type annotation."""
    mutants = [mutant for path in _files() for mutant in _mutants_of(path)]
    drawn: list[DrawnMutant] = []
    for mutant in random.Random(seed).sample(mutants, len(mutants)):
        if len(drawn) == number:
            break
        source = (SOURCE / mutant.path).read_text(encoding="utf-8")
        if _behaviour(mutant.of(source)) not in (None, _behaviour(source)):
            drawn.append(mutant)
    return drawn


def _files() -> list[Path]:
    files = []
    for place in DRAWN_FROM:
        path = SOURCE / place
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return files


def _mutants_of(path: Path) -> Iterator[DrawnMutant]:
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.plugins import get_operator, operator_names

    nodes = list(ast_nodes(get_ast_from_path(path)))
    for name in sorted(operator_names()):
        if get_operator(name).arguments():
            continue
        operator = get_operator(name)()
        places = [start for node in nodes for start, _ in operator.mutation_positions(node)]
        for occurrence, (line, _) in enumerate(places):
            yield DrawnMutant(path.relative_to(SOURCE).as_posix(), name, occurrence, line)


def _behaviour(source: str) -> str | None:
    """Give what runs: the source without its type annotations. None for what is no Python; the tool writes some."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return ast.dump(tree)
