"""What a library's user imports: every name is there, typed, and nothing is imported before it is asked for."""

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

import commit_llm
from tests.architecture.test_imports import modules_after
from tests.conftest import ROOT

FACES = ["commit_llm", "commit_llm.codemix"]


def names_for_type_checkers(module):
    """The names that a face imports for types alone."""
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    return [(node.module, alias.name) for node in guarded.body for alias in node.names]


@pytest.mark.parametrize("face", FACES)
def test_every_name_is_there(face):
    module = importlib.import_module(face)
    assert module.__all__ == sorted(module.__all__, key=lambda name: (name[0].islower(), name))
    assert set(module.__all__) <= set(dir(module))
    assert sorted(name for _, name in names_for_type_checkers(module)) == sorted(module.__all__)
    for home, name in names_for_type_checkers(module):
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
        assert callable(getattr(module, name))
    with pytest.raises(AttributeError, match=f"module '{face}' has no attribute 'Nonsense'"):
        module.Nonsense  # noqa: B018


def test_nothing_is_imported_before_it_is_asked_for():
    package, settings, mixer = modules_after(
        [
            "import commit_llm",
            "from commit_llm.codemix import MixingSettings\nfrom commit_llm import UserError",
            "from commit_llm import CodeMixer, Recipe, fit_ratio",
        ]
    )
    assert {name for name in package if name.startswith("commit_llm")} == {"commit_llm"}
    assert not settings & {"numpy", "tyro", "jax", "pyarrow", "numba"}
    assert "numpy" in mixer
    assert not mixer & {"jax", "pyarrow", "numba", "scipy", "datasets"}


def test_what_is_built_says_that_it_is_typed():
    """Both builds take the whole package, py.typed with it."""
    assert (Path(commit_llm.__file__).parent / "py.typed").read_bytes() == b""
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"] == {"packages": ["src/commit_llm"]}
    assert "src" in targets["sdist"]["include"]
