"""The commands that docs/scaling.md puts behind launchers parse too, its manifest is YAML, and its Python mixes."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from commit_llm.cli.main import main
from commit_llm.cli.parse import parse_with_recipe
from commit_llm.cli.train import TrainCommand
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
BLOCKS = dict(
    zip(
        ["tpu", "pod", "slurm", "kubernetes", "mpi", "hand", "mix", "ray", "datasets"],
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


@pytest.fixture
def mixed(tmp_path, monkeypatch):
    """The bytes that `mix` makes of a file, in a folder with what the page's Python reads."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "en-el.txt").write_text(
        "the\tο\ndog\tσκύλος\ndog\tσκυλί\ncat\tγάτα\nbarks\tγαβγίζει\n", encoding="utf-8"
    )
    rows = [
        {"instruction": "The dog barks." if row % 3 else "Is the cat a dog?", "input": "", "output": f"cat {row}"}
        for row in range(210)
    ]
    (tmp_path / "alpaca.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["mix", "alpaca.jsonl", "--dictionary", "en-el.txt", "--ratio", "0.9", "--out", "mixed.jsonl"]) == 0
    assert "σκυλί" in (tmp_path / "mixed.jsonl").read_text(encoding="utf-8")
    return (tmp_path / "mixed.jsonl").read_bytes()


def in_lines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


@pytest.mark.slow
def test_batches_of_shuffled_data_are_mixed_as_a_file_is(mixed, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    names = {}
    exec(compile(BLOCKS["mix"] + BLOCKS["datasets"], "docs/scaling.md", "exec"), names)
    rows = names["data"].with_format(None).to_list()
    order = [row.pop("row") for row in rows]
    assert order != sorted(order) == [*range(210)]
    assert in_lines(rows[order.index(row)] for row in range(210)) == mixed


@pytest.mark.slow
@pytest.mark.long
def test_blocks_in_random_order_on_ray_are_mixed_as_a_file_is(mixed, tmp_path):
    """In a program of its own: Ray leaves processes and warnings behind."""
    pytest.importorskip("ray", reason="Ray is not installed (extra ray)")
    begin = "import ray\nray.init(num_cpus=2, include_dashboard=False, object_store_memory=100 * 2**20)\n"
    end = "\nimport json\nassert len(blocks) == 4\nprint(json.dumps(data.take_all()))\nray.shutdown()\n"
    (tmp_path / "mix_blocks.py").write_text(begin + BLOCKS["mix"] + BLOCKS["ray"] + end, encoding="utf-8")
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    program = subprocess.run(
        [sys.executable, "mix_blocks.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert program.returncode == 0, program.stderr
    assert in_lines(json.loads(program.stdout.splitlines()[-1])) == mixed
