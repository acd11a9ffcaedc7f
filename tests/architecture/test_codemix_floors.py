"""The rooms of code-mixing stand on floors: a module imports what lies below its own room, and no circle is left."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import commit_llm

ROOM = "commit_llm.codemix"
FOLDER = Path(commit_llm.__file__).parent / "codemix"
MODULES = {
    ".".join((ROOM, *path.relative_to(FOLDER).with_suffix("").parts)): path
    for path in sorted(FOLDER.rglob("*.py"))
    if path.name != "__init__.py"
}
# From the ground up. A module may import those of lower floors, and of its own folder.
FLOORS = [
    {"ratio_schedule"},
    {"randomness", "outcome", "settings"},
    {"finding", "replacement"},
    {"dictionaries"},
    {"engine"},
    {"language_draw"},
    {"mixer", "metrics"},
    {"fit", "direction"},
    {"inspection", "precision"},
]


def ours(path):
    """The modules of code-mixing that a file imports, anywhere in it, for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.startswith(ROOM):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            yield from names & set(MODULES) or {node.module}
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith(ROOM))


def name_of(module):
    return module.removeprefix(f"{ROOM}.").split(".")[0]


def floor_of(module):
    (number,) = [number for number, names in enumerate(FLOORS) if name_of(module) in names]
    return number


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_what_lies_below(module):
    for imported in ours(MODULES[module]):
        assert imported in MODULES, f"{imported} is not a module: the package's own names are for its users"
        below = floor_of(imported) < floor_of(module)
        assert below or (name_of(imported) == name_of(module) and "." in module.removeprefix(f"{ROOM}.")), imported


def test_there_is_no_circle():
    graph = {module: set(ours(path)) for module, path in MODULES.items()}
    assert sum(map(len, graph.values())) > 50
    order = list(TopologicalSorter(graph).static_order())  # raises where there is one
    assert set(order) == set(MODULES)


def test_no_flag_is_made_here():
    """The engine knows no command line: no tyro, and no flag in a message."""
    for path in MODULES.values():
        text = path.read_text(encoding="utf-8")
        assert "tyro" not in text
        strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
        assert not [value for value in strings if isinstance(value, str) and value.startswith("--")]
