"""Give the files of the package and of its tests, and what stands in them, to the tests of the architecture."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import commit_llm

SOURCE = Path(commit_llm.__file__).parent
TESTS = Path(__file__).parents[1]
FILES = sorted(SOURCE.rglob("*.py"))


def inside(path: Path) -> str:
    """Give a file's path inside the package: `data/loader.py`."""
    return path.relative_to(SOURCE).as_posix()


def room_of(path: Path) -> str:
    """Give the folder or file at the package's top that a file belongs to: `data`, `errors`."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a file, once a session."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Give every module that a file imports, anywhere in it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module
