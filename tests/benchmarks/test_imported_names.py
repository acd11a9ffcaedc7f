"""The benchmarks, which no quick test runs, import from the package and from each other only what is there."""

import ast
from importlib import import_module
from importlib.util import find_spec

import pytest

from tests.architecture.source import tree_of
from tests.conftest import ROOT

FILES = sorted((ROOT / "benchmarks").glob("*.py"))
# What benchmarks/gpu.sh runs, and what that imports, runs where the package's other libraries are not installed.
ON_A_GPU = (
    "answering",
    "apart",
    "clock",
    "generate",
    "gpu_table",
    "models",
    "parity",
    "step_profile",
    "train",
    "training",
)
ROOMS_OF_THE_STEP = ("commit_llm.model.", "commit_llm.parallel.", "commit_llm.train.")
OF_TRAIN = {f"commit_llm.train.{name}" for name in ("loss", "optimizer", "split_optimizer", "split_weights", "step")}


def imported_names(path):
    """Give (module, name) of everything that a file imports by name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)


def defined_names(path):
    """Give the names at the top of a file, whether it defines or imports them."""
    for node in tree_of(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_a_benchmark_imports_is_there(path):
    beside = {other.stem: other for other in FILES}
    missing = []
    for module, name in imported_names(path):
        if module.startswith("commit_llm"):
            source = import_module(module)
            there = hasattr(source, name) or (hasattr(source, "__path__") and find_spec(f"{module}.{name}") is not None)
        else:
            there = module not in beside or name in defined_names(beside[module])
        missing += [] if there else [f"{module}.{name}"]
    assert missing == []


@pytest.mark.parametrize("stem", ON_A_GPU)
def test_what_runs_on_a_gpu_imports_the_step_and_below(stem):
    modules = {module for module, _ in imported_names(ROOT / "benchmarks" / f"{stem}.py")}
    modules = {module for module in modules if module.startswith("commit_llm.")}
    assert all(f"{module}.".startswith(ROOMS_OF_THE_STEP) for module in modules)
    assert {module for module in modules if module.startswith("commit_llm.train.")} <= OF_TRAIN
