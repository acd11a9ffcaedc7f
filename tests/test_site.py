"""The documentation site: its navigation, its links, its pictures, and the Python API that it shows."""

import doctest
import re
import tomllib
from xml.etree import ElementTree

import pytest
import website.build
import website.docstrings
from website.build import API, asked_of_others, file_page, links, place_of, site_text, sources

import commit_llm
import commit_llm.codemix
from commit_llm import BilingualDictionary, CodeMixer
from commit_llm.evaluate.scores import normalise_squad, score
from tests.conftest import ROOT

CONFIG = (ROOT / "website" / "zensical.toml").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"
STAGES = ("mix", "align", "tune", "export", "evaluate", "compare")


def of_navigation(entries):
    """Give the pages of a navigation, in its order."""
    for entry in entries:
        for page in entry.values():
            yield from [page] if isinstance(page, str) else of_navigation(page)


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_examples_of_the_builder():
    for module in (website.build, website.docstrings):
        tried = doctest.testmod(module)
        assert (tried.failed, tried.attempted > 0) == (0, True)


def test_the_navigation_has_every_page_once():
    pages = list(of_navigation(tomllib.loads(CONFIG)["project"]["nav"]))
    assert sorted(pages) == sorted(place for place in sources().values() if place.endswith(".md"))


def test_a_link_out_of_docs_leads_to_a_page_that_shows_the_file():
    linked = {target for path in sources() if path.endswith(".md") for target in links(text_of(path), path)}
    shown = {target for target in linked if target not in sources()}
    assert "src/commit_llm/parallel/topologies.py" in shown
    for target in shown:
        assert file_page(target).startswith(f"# {target}\n")
    page = site_text("[it](../src/commit_llm/errors.py)", "docs/models.md")
    assert page == f"[it]({place_of('src/commit_llm/errors.py')})"
    assert "\n```text\n[it](../a.md)\n```\n" in site_text("x\n```text\n[it](../a.md)\n```\n", "docs/models.md")


def test_a_folder_is_listed():
    assert "- `alpaca/any/seed-0/results.json`\n" in file_page("studies/results/smollm2-cpu")


def test_nobody_else_is_asked():
    assert "://" not in CONFIG
    assert asked_of_others('<link rel="x" href="//a.b/c.css"><img src=http://a.b/d.png>') == [
        "//a.b/c.css",
        "http://a.b/d.png",
    ]


def test_the_api_is_what_the_package_exports():
    """Each name once: where two packages have it, from the outer one."""
    more = set(commit_llm.codemix.__all__) - set(commit_llm.__all__)
    names = {f"commit_llm.{name}" for name in commit_llm.__all__} | {f"commit_llm.codemix.{name}" for name in more}
    shown = API.findall(text_of("docs/python.md"))
    assert sorted(shown) == sorted(names)
    text = text_of("docs/python.md")
    assert [name for name in names if f"`{name.rpartition('.')[2]}`" not in text] == []  # a forge hides the API


@pytest.mark.parametrize("path", sorted(path for path in sources() if path.endswith(".svg")))
def test_a_picture_stands_alone_in_light_and_dark(path):
    text = text_of(path)
    picture = ElementTree.fromstring(text)
    assert {picture.find(f"{SVG}title").text, picture.find(f"{SVG}desc").text}.isdisjoint({None, ""})
    assert not re.search(r"<script|@import|<image|<foreignObject|href|\son\w+=", text)
    assert set(re.findall(r"url\(([^)]*)\)", text)) == {"#tip"}
    light, dark = text.split("@media (prefers-color-scheme: dark)")
    drawn = {word for node in picture.iter() for word in node.get("class", "").split()}
    for name in drawn - {"head"}:  # a title has the colour of all text
        assert re.search(rf"\.{name} \{{[^}}]*(fill|stroke): #", light), name
        assert f".{name} {{" in dark, name


@pytest.fixture
def drawn():
    """Give the lines of a part of a picture."""

    def lines(stage, part):
        picture = ElementTree.fromstring(text_of(f"docs/chain-{stage}.svg"))
        (group,) = [group for group in picture.iter(f"{SVG}g") if group.get("id") == f"{stage}-{part}"]
        return ["".join(line.itertext()) for line in group.iter(f"{SVG}text")]

    return lines


def test_every_stage_has_its_picture():
    page = text_of("docs/chain.md")
    assert re.findall(r"^## (\w+)$", page, re.M) == [stage.capitalize() for stage in STAGES]
    assert re.findall(r"\]\(chain-(\w+)\.svg\)", page) == list(STAGES)


def mixed(pairs, text):
    return CodeMixer(BilingualDictionary.from_pairs(pairs), ratio=1.0).mix(text).text


@pytest.mark.parametrize("stage", ["mix", "align"])
def test_the_pictures_of_mixing_are_true(drawn, stage):
    """What follows the dictionary is what the mixer makes with it."""
    pairs = [tuple(line.split()) for line in drawn(stage, "dictionary")]
    (before,) = drawn(stage, "before")
    assert drawn(stage, "after")[0] == mixed(pairs, before)


def test_the_picture_of_tuning_is_true(drawn):
    pairs = [("where", "πού"), ("the", "ο"), ("dog", "σκύλος"), ("house", "σπίτι")]
    assert mixed(pairs, "Where is the dog?") in drawn("tune", "prompt")
    assert mixed(pairs, "The dog is in the house.") in drawn("tune", "answer")


def test_the_picture_of_evaluation_is_true(drawn):
    (answer,) = drawn("evaluate", "answer")
    reference = drawn("evaluate", "question")[-1].rpartition(" ")[2]
    scores = dict(line.rsplit(" ", 1) for line in drawn("evaluate", "scores")[:2])
    counted = score(answer, [reference], normalise_squad)
    assert scores == {"exact match": f"{100 * counted.exact_match:.0f}", "F1": f"{100 * counted.f1:.2f}"}
