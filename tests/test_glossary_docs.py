"""docs/glossary.md: what it names is in the code, each word is there once, and each says what it is not."""

import re

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


def test_the_glossary_names_what_is_in_the_code():
    """Its third column: classes, functions, variables, flags and files."""
    cells = [line.split("|")[3] for line in PAGE.splitlines() if line.startswith("|") and line.count("|") == 5]
    named = {name for cell in cells for name in re.findall(r"`(?:--)?([\w-]+)`", cell)}
    assert len(named) > 50
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    words = set(re.findall(r"\w+", text))
    assert {name for name in named if name.replace("-", "_") not in words} == set()


def test_the_glossary_has_each_word_once_and_says_what_it_is_not():
    lines = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| (?!word |---)", line)]
    entries = [[cell.strip() for cell in cells] for cells in lines if len(cells) == 4]
    words = [cells[0] for cells in entries]
    assert {"record", "row", "example", "document", "chunk", "segment"} <= set(words)
    assert len(words) == len(set(words))
    assert all(all(cells) for cells in entries)
    other = {word for cells in entries for word in re.findall(r"\*([\w -]+)\*", " ".join(cells[1:]))}
    assert {word.lower() for word in other} - set(words) == set()
