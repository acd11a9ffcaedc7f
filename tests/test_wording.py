"""What a user reads is plain English: pages, help and messages hold none of a few phrases that are read twice."""

import ast
import re

import pytest

from tests.conftest import ROOT

BANNED = re.compile(r"\b(that of the|those of the|(is|are|was|were) told|gone on)\b", re.IGNORECASE)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted((ROOT / "src").rglob("*.py"))


def strings(source, *, of_a_command):
    """The strings of a module, with their lines: messages and the help of flags, but no docstring.

    of_a_command: the docstrings of its classes are help too.
    """
    tree = ast.parse(source)
    documented = (ast.Module, ast.FunctionDef, *(() if of_a_command else (ast.ClassDef,)))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def faults(text):
    """The banned phrases of a text, whatever its white space."""
    return [match[0] for match in BANNED.finditer(" ".join(text.split()))]


def test_what_is_looked_at():
    source = '"""Is told."""\nclass A:\n    """Is told."""\n    b: int = 1\n    """That of the help."""\n'
    source += 'def f():\n    """Are told."""\n    raise ValueError(f"{1} is\\n told")  # was told\n'
    assert [faults(text) for _, text in strings(source, of_a_command=False)] == [["That of the"], ["is told"]]
    assert len([text for _, text in strings(source, of_a_command=True) if faults(text)]) == 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page(page):
    assert faults(page.read_text(encoding="utf-8")) == []


def test_help_and_messages():
    phrases = {
        f"{path.relative_to(ROOT)}:{line}": faults(text)
        for path in MODULES
        for line, text in strings(path.read_text(encoding="utf-8"), of_a_command=path.parent.name == "cli")
        if faults(text)
    }
    assert phrases == {}
