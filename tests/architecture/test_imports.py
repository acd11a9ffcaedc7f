"""Imports go one way, and nothing heavy is imported before it is needed (CONTRIBUTING.md)."""

import json
import subprocess
import sys

from commit_llm.cli.main import COMMANDS
from tests.architecture.source import FILES, SOURCE, imports, inside, room_of

# What each room may import of the others; `errors` is open to all.
MAY_IMPORT = {
    "errors": set(),
    "files": set(),
    "codemix": {"files"},
    "data": {"files", "codemix"},
    "training_flags": set(),
    "recipes": {"files", "codemix", "data", "training_flags"},
    "runs": {"files", "codemix", "recipes", "data"},
    "model": {"files"},
    "parallel": {"model"},
    "convert": {"files", "model", "parallel"},
    "train": {"files", "codemix", "data", "recipes", "runs", "model", "parallel", "convert"},
    "evaluate": {"files", "codemix", "data", "runs", "model", "parallel", "convert"},
    "generate": {"files", "data", "runs", "model", "parallel", "evaluate"},
    "report": {"files", "codemix", "data", "recipes", "runs"},
    "vocabulary": {"files", "codemix", "data", "runs", "model", "parallel", "convert"},
}
EVERYTHING = {"quickstart", "study", "pipeline", "cli", "__main__", "__init__"}
# The training step and all below it run where only these are installed.
STEP = ("train/step.py", "train/loss.py", "train/optimizer.py", "model/", "parallel/")
STEP_NEEDS = {"jax", "optax", "numpy", "jaxtyping", "commit_llm"}
# Rooms that are read without jax, and without what takes long to import.
WITHOUT_JAX = {"files", "codemix", "data", "training_flags", "recipes", "runs", "report"}
# What only looks at tokenizers.
LOOKING = {f"vocabulary/{name}.py" for name in ("counted_texts", "example_texts", "token_counts", "translation_tokens")}
# What CodeMixer imports when it mixes columns: pyarrow, and numba, which imports scipy.
COMPILED = ("codemix/engine/columns.py", "codemix/engine/compiled.py", "codemix/engine/kernel/")


def test_imports_go_one_way():
    faults = []
    for path in FILES:
        room = room_of(path)
        if room not in EVERYTHING:
            rooms = {module.split(".")[1] for module in imports(path) if module.startswith("commit_llm.")}
            faults += [f"{inside(path)}: {name}" for name in rooms - {"errors", room} - MAY_IMPORT[room]]
    assert faults == []


def test_every_room_has_its_rule():
    assert {room_of(path) for path in FILES} <= EVERYTHING | set(MAY_IMPORT)


def test_the_step_needs_little():
    faults = []
    for path in FILES:
        if inside(path).startswith(STEP):
            packages = {module.split(".")[0] for module in imports(path)} - set(sys.stdlib_module_names)
            faults += [f"{inside(path)}: {name}" for name in packages - STEP_NEEDS]
    assert faults == []


def modules_after(statements):
    """The modules that a fresh Python holds after each of some statements."""
    code = "import json, sys\n" + "".join(
        f"{statement}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)\n" for statement in statements
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(json.loads(line)) for line in process.stderr.splitlines()]


def test_files_data_runs_and_reports_import_no_jax():
    files = [path for path in FILES if room_of(path) in WITHOUT_JAX or inside(path) in LOOKING]
    modules = [
        ".".join(("commit_llm", *path.relative_to(SOURCE).with_suffix("").parts))
        for path in files
        if path.name != "__init__.py" and not inside(path).startswith(COMPILED)
    ]
    assert len(modules) > 60
    (loaded,) = modules_after(["\n".join(f"import {name}" for name in modules)])
    assert {"commit_llm.data.loader", "commit_llm.runs.run", "commit_llm.vocabulary.counted_texts"} <= loaded
    heavy = {"jax", "grain", "torch", "datasets", "pyarrow", "tokenizers", "sentencepiece", "matplotlib", "scipy"}
    assert loaded & heavy == set()


def test_evaluation_directories_are_read_without_numpy():
    (loaded,) = modules_after(["import commit_llm.runs.evaluation"])
    assert "commit_llm.runs.evaluation" in loaded
    assert not loaded & {"jax", "numpy", "grain", "torch", "datasets", "pyarrow", "tokenizers"}


def test_help_loads_nothing_heavy():
    """One Python asks for the help of every command, and what is loaded is looked at after each."""
    asks = [
        "from commit_llm.cli.main import main\n"
        f"try:\n    main(['{command}', '--help'])\nexcept SystemExit as stop:\n    assert stop.code == 0"
        for command in COMMANDS
    ]
    heavy = {"jax", "numpy", "grain", "torch", "datasets", "pyarrow", "optax"}
    for (command, (module, _)), loaded in zip(COMMANDS.items(), modules_after(asks), strict=True):
        assert module in loaded
        assert not loaded & heavy, command
