"""The commands that docs/scaling.md puts behind launchers parse too, and its manifest is YAML."""

import re
import shlex

import pytest
import yaml

from commit_llm.cli.parse import parse_with_recipe
from commit_llm.cli.train import TrainCommand
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
BLOCKS = dict(
    zip(
        ["tpu", "pod", "slurm", "kubernetes", "mpi", "hand"],
        re.findall(r"^```\w+\n(.*?)^```", PAGE, re.M | re.S),
        strict=True,
    )
)


def manifest():
    return list(yaml.safe_load_all(BLOCKS["kubernetes"]))


@pytest.mark.parametrize("name", ["pod", "slurm", "mpi"])
def test_a_command_behind_a_launcher_parses(name):
    found = re.search(r"commit-llm train ((?:[^\n\"]|\\\n)*)", BLOCKS[name].replace("\\\n", " "))
    parsed = parse_with_recipe(TrainCommand, "train", shlex.split(found[1]))
    assert str(parsed.out) == "/shared/run"


def test_the_manifest():
    service, job = manifest()
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["command"][:2] == ["commit-llm", "train"]
    assert str(parse_with_recipe(TrainCommand, "train", container["command"][2:]).out) == "/shared/run"
    variables = {one["name"]: one["value"] for one in container["env"]}
    first = f"{job['metadata']['name']}-0.{pod['subdomain']}"
    assert variables["JAX_COORDINATOR_ADDRESS"].startswith(f"{first}:")
    assert int(variables["JAX_NUM_PROCESSES"]) == job["spec"]["completions"] == job["spec"]["parallelism"]
    assert pod["subdomain"] == service["metadata"]["name"]
    assert service["spec"]["selector"]["job-name"] == job["metadata"]["name"]
