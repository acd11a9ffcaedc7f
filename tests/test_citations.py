"""Citations: a page, a section or a source file that the repository names is in the repository."""

import re
from pathlib import Path

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "commit_llm"
CODE = sorted(path for folder in ("src", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
ALL = [path for path in (*CODE, *PAGES) if path != Path(__file__)]
# Notes that lie outside the repository, by path or by their names in capitals.
OUTSIDE = re.compile(r"shared/reference|\b(?!README|CONTRIBUTING|CHANGELOG|SECURITY)[A-Z]{2,}\.md")


def unwrapped(text):
    """A text on one line, for a citation may run over two; the signs of comments go too."""
    return re.sub(r"\s*\n\s*(?:# )?", " ", text)


def pages(text):
    """The pages that a text cites."""
    return set(re.findall(r"\bdocs/[\w-]+\.md", text))


def sections(text):
    """(page, section) of every section that a text cites by its name."""
    return set(re.findall(r'\b(docs/[\w-]+\.md), "([^"]+)"', unwrapped(text)))


def titles(page):
    """The titles of a page's sections."""
    without_code = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return set(re.findall(r"^#+ (.+)$", without_code, re.M))


def sources(text):
    """The source files that a text names with their folder."""
    return set(re.findall(r"(?<![\w/.])(?:[a-z_]+/)+[a-z_]+\.py\b", text))


def outside(path):
    """What a file cites outside the repository. Tests may read files there, through the fixture `shared`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if OUTSIDE.search(line) and "shared.path" not in line]


def name_of(path):
    return str(path.relative_to(ROOT))


def test_how_citations_are_found():
    text = 'One (docs/mixing.md), one (docs/behaviour.md, "Tokens and\n    loss mask"),\n'
    text += '# one (docs/method.md,\n# "Packing").'
    assert pages(text) == {"docs/mixing.md", "docs/behaviour.md", "docs/method.md"}
    assert sections(text) == {("docs/behaviour.md", "Tokens and loss mask"), ("docs/method.md", "Packing")}
    assert sources("data/packing.py, packing.py and `../x/y.py`") == {"data/packing.py"}
    assert {"Code-mixing", "Tokens and loss mask", "Evaluation"} <= titles(ROOT / "docs" / "behaviour.md")
    for text in ("(shared/reference/golden)", "(BEHAVIOUR.md)"):
        assert OUTSIDE.search(text)
    assert not OUTSIDE.search("README.md, docs/behaviour.md")


def test_what_is_cited_is_there():
    faults = []
    for path in ALL:
        text = path.read_text(encoding="utf-8")
        folders = (ROOT, SOURCE, ROOT / "tests", path.parent)
        missing = {page for page in pages(text) if not (ROOT / page).is_file()}
        missing |= {f"{page}, {title}" for page, title in sections(text) if title not in titles(ROOT / page)}
        missing |= {name for name in sources(text) if not any((folder / name).is_file() for folder in folders)}
        faults += [f"{name_of(path)}: {citation}" for citation in [*sorted(missing), *outside(path)]]
    assert faults == []


def test_the_source_cites_the_original_by_section():
    cited = {section for path in CODE for section in sections(path.read_text(encoding="utf-8"))}
    assert ("docs/behaviour.md", "Tokens and loss mask") in cited
