"""Imports go one way, and nothing heavy is imported before it is needed (CONTRIBUTING.md)."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import commit_llm

SOURCE = Path(commit_llm.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
MAY_IMPORT = {
    "errors": set(),
    "files": set(),
    "codemix": set(),
    "data": {"files", "codemix"},
    "recipes": {"files", "codemix", "data"},
    "runs": {"files", "codemix", "recipes", "data"},
    "model": set(),
    "parallel": {"model"},
    "convert": {"files", "model", "parallel"},
    "train": {"files", "codemix", "data", "recipes", "runs", "model", "parallel", "convert"},
    "evaluate": {"files", "codemix", "data", "runs", "model", "parallel", "convert"},
    "report": {"files", "codemix", "data", "recipes", "runs"},
}
EVERYTHING = {"quickstart", "pipeline", "cli", "__main__", "__init__"}
# The training step and all below it run where only these are installed.
STEP = ("train/step.py", "train/loss.py", "train/optimizer.py", "model", "parallel")
# What CodeMixer imports when it mixes columns: pyarrow, and numba, which imports scipy.
COMPILED = ("columns.py", "compiled.py", "kernel.py")
STEP_NEEDS = {"jax", "optax", "numpy", "jaxtyping", "commit_llm"}


def part_of(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(path):
    """Every module that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_one_way(path):
    part = part_of(path)
    if part in EVERYTHING:
        return
    ours = {module.split(".")[1] for module in imports(path) if module.startswith("commit_llm.")}
    assert ours - {"errors", part} <= MAY_IMPORT[part]


def test_every_part_has_its_rule():
    assert {part_of(path) for path in FILES} <= EVERYTHING | set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_step_needs_little(path):
    inside = str(path.relative_to(SOURCE))
    if not inside.startswith(STEP):
        return
    outside = {module.split(".")[0] for module in imports(path)} - set(sys.stdlib_module_names)
    assert outside <= STEP_NEEDS


def modules_after(statement):
    """The modules that Python holds after a statement."""
    code = f"import sys\n{statement}\nprint(' '.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


# Rooms that are read without jax, and without what takes long to import.
WITHOUT_JAX = {"files", "codemix", "data", "recipes", "runs", "report"}


def test_files_data_runs_and_reports_import_no_jax():
    names = [
        ".".join(("commit_llm", *path.relative_to(SOURCE).with_suffix("").parts))
        for path in FILES
        if part_of(path) in WITHOUT_JAX and path.name not in ("__init__.py", *COMPILED)
    ]
    assert len(names) > 60
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    assert {"commit_llm.data.loader", "commit_llm.runs.run", "commit_llm.report.comparison.systems"} <= loaded
    heavy = {"jax", "grain", "torch", "datasets", "pyarrow", "tokenizers", "sentencepiece", "matplotlib", "scipy"}
    assert loaded & heavy == set()


def test_evaluation_directories_are_read_without_numpy():
    loaded = modules_after("import commit_llm.runs.evaluation")
    assert "commit_llm.runs.evaluation" in loaded
    assert not loaded & {"jax", "numpy", "grain", "torch", "datasets", "pyarrow", "tokenizers"}


COMMANDS = [
    "mix",
    "preview",
    "dictionary",
    "plan",
    "train",
    "batches",
    "run",
    "report",
    "export",
    "eval",
    "score",
    "tasks",
    "recipes",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_nothing_heavy(command):
    statement = (
        "from commit_llm.cli.main import main\n"
        f"try:\n    main(['{command}', '--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0"
    )
    loaded = modules_after(statement)
    assert f"commit_llm.cli.{command}" in loaded
    assert not loaded & {"jax", "numpy", "grain", "torch", "datasets", "pyarrow", "optax"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_say_their_job_and_stay_short(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 400
