"""Every file says its job in its first sentence, and is not long."""

import ast

from tests.architecture.source import FILES, inside, tree_of

LONGEST = 400


def lines(path):
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_file_says_its_job():
    assert [inside(path) for path in FILES if not ast.get_docstring(tree_of(path))] == []


def test_no_file_is_long():
    assert [inside(path) for path in FILES if lines(path) > LONGEST] == []
