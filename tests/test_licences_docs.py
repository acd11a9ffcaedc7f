"""docs/licences.md has every package that pyproject.toml names, and CITATION.cff the version that is installed."""

import re
import tomllib

import pytest
import yaml

from commit_llm import __version__
from tests import licences
from tests.conftest import ROOT


def test_every_direct_dependency_has_its_licence():
    table = licences.rows(licences.PAGE.read_text(encoding="utf-8"))
    direct = licences.direct()
    assert {"jax", "tyro", "torch", "wandb", "icu4py"} <= set(direct)
    assert set(direct) - set(table) == set(), "python -m tests.licences writes it, where the package is installed"
    assert [name for name, (licence, _) in table.items() if licence == "not said"] == []
    assert {name: table[name][1] for name in direct} == direct


def test_no_licence_of_the_base_install_is_the_gpl_or_like_it():
    """Through what a package is needed leads up to the base install, or to an extra."""
    table = licences.rows(licences.PAGE.read_text(encoding="utf-8"))

    def in_base(name):
        reason = table[name][1]
        return reason == "base" or (reason.startswith("through") and in_base(reason.split("`")[1]))

    base = {name: licence for name, (licence, _) in table.items() if in_base(name)}
    assert len(base) > 60
    assert [name for name, licence in base.items() if re.search("GPL|Proprietary", licence)] == []


@pytest.mark.parametrize(
    ("requirement", "name"), [("tensorboardX>=2.6.1", "tensorboardx"), ("jax[cuda12]", "jax"), ("a_b.c>1", "a-b-c")]
)
def test_names_of_requirements(requirement, name):
    assert licences.names_of([requirement]) == [name]


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert str(citation["version"]) == __version__
    assert citation["license"] == project["license"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in project["authors"]]
    paper = citation["preferred-citation"]["title"]
    assert paper in " ".join((ROOT / "README.md").read_text(encoding="utf-8").replace("*", "").split())
    head = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)[1]
    assert head == f"{__version__} ({citation['date-released']})"
