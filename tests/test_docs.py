"""The documentation: no flag of the original is left out, its picture is true, and its links lead somewhere."""

import json
import re
from xml.etree import ElementTree

from commit_llm.cli.main import main
from tests.conftest import ROOT
from tests.documented_commands import PAGES


def test_every_flag_of_the_original_is_mapped(shared):
    text = (shared.path / "reference" / "ORIGINAL.md").read_text(encoding="utf-8")
    flags = set(re.findall(r"(?<!\S)`?(--[a-z][\w.]*)", text))
    assert len(flags) == 40
    ours = (ROOT / "docs" / "from-easylm.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in ours.splitlines() if line.startswith("|")]
    mapped = set(re.findall(r"`(--[\w.]+)`", " ".join(rows)))
    assert flags - mapped == set()
    assert mapped - flags == set()


def test_the_picture_is_true(shared, tmp_path):
    """Its mixed example is what `commit-llm mix` makes of its English one, the first row of a file."""
    example = {
        "instruction": "Answer the question about the text.",
        "input": "Where does the doctor live? Anna is a doctor. She lives near the sea with two cats.",
        "output": "The doctor lives near the sea.",
    }
    (tmp_path / "english.jsonl").write_text(json.dumps(example) + "\n", encoding="utf-8")
    argv = ["mix", str(tmp_path / "english.jsonl"), "--dictionary", str(shared.data("muse/en-el.txt"))]
    assert main([*argv, "--ratio", "0.9", "--out", str(tmp_path / "mixed.jsonl")]) == 0
    mixed = json.loads((tmp_path / "mixed.jsonl").read_text(encoding="utf-8"))
    svg = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.parse(ROOT / "docs" / "commit.svg").getroot()
    groups = {group.get("id"): group for group in picture.iter(f"{svg}g")}
    for field, text in mixed.items():
        lines = ["".join(line.itertext()) for line in groups[f"mixed-{field}"].iter(f"{svg}text")]
        assert " ".join(lines) == text
    drawn = " ".join("".join(line.itertext()) for line in picture.iter(f"{svg}text"))
    assert all(text in drawn for text in example.values())


def anchors(page):
    """The anchors of a page's sections, as forges and the site make them of the titles."""
    without_code = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.+)$", without_code, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_how_anchors_are_made(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# Rows, `--ratio` & more\n```bash\n# a comment\n```\n## llama.cpp, well-kept\n", encoding="utf-8")
    assert anchors(page) == {"rows---ratio--more", "llamacpp-well-kept"}


def test_links_lead_somewhere():
    """Links and pictures inside the repository, to the section where they name one."""
    for page in [*PAGES, ROOT / "CHANGELOG.md"]:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for target, _, anchor in re.findall(r"\]\(([^)#\s]*)(#([^)]*))?\)", text):
            if not target.startswith("http"):
                linked = page.parent / target if target else page
                assert linked.exists(), f"{page.name}: {target}"
                assert not anchor or anchor in anchors(linked), f"{page.name}: {target}#{anchor}"
