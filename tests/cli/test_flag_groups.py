"""The help of a recipe's commands: flags in groups, the most used ones first."""

import dataclasses
import re
from dataclasses import replace

import pytest

from commit_llm.cli.batches import Batches
from commit_llm.cli.flag_groups import GROUPS, MOST_USED, OTHER
from commit_llm.cli.main import GROUPS as COMMAND_GROUPS
from commit_llm.cli.parse import parse_with_recipe
from commit_llm.cli.plan import PlanCommand
from commit_llm.cli.run import RunCommand
from commit_llm.cli.train import TrainCommand
from commit_llm.errors import flag
from commit_llm.recipes import RECIPES, Recipe

# Rich draws lines around groups, where the output's encoding has them.
FLAG = re.compile(r"^(?:│|\s) (--[a-z0-9-]+)", flags=re.MULTILINE)
TITLE = re.compile(r"^(?:╭─)? (\S.*) options\b", flags=re.MULTILINE)
FIELDS = {field.name for field in dataclasses.fields(Recipe)}


def test_every_field_of_a_recipe_is_in_one_group():
    names = [name for keys in GROUPS.values() for name in keys.split()]
    assert len(names) == len(set(names))
    assert set(names) == FIELDS | {"out"}


def test_the_ten_flags_most_used_come_first(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = run("train", "commit", "--help")
    assert status == 0
    shown = FLAG.findall(out)
    assert shown[:10] == [flag(name) for name in GROUPS[MOST_USED].split()]
    titles = TITLE.findall(out)
    assert titles == [MOST_USED, "train", *[title for title in GROUPS if title != MOST_USED], "processes"]
    assert OTHER not in titles
    boxes = out[out.index(" options ") :]
    assert max(map(len, boxes.splitlines())) <= 80
    assert "(default: None)" not in boxes.partition("processes options")[0]
    assert re.search(r"--ratio RATIO .*?\(default: 0\.9\)", out, flags=re.DOTALL)
    assert re.search(r"--stop STR .*?\(repeatable\)", out, flags=re.DOTALL)


@pytest.mark.parametrize("name", RECIPES)
def test_groups_keep_a_recipe_s_own_values(name):
    words = [
        name,
        "--out",
        "x",
        "--steps",
        "5",
        "--data",
        "a.jsonl",
        "--dictionary",
        "en-el.txt=2",
        "--no-block-template",
    ]
    command = parse_with_recipe(TrainCommand, "train", [*words, "--dry-run", "--num-processes", "2"])
    changed = {"steps": 5, "data": "a.jsonl", "dictionary": ("en-el.txt=2",), "block_template": False}
    assert command.recipe == replace(RECIPES[name][1], **changed)
    assert (str(command.out), command.dry_run, command.json, command.processes.num_processes) == ("x", True, False, 2)


@pytest.mark.parametrize(("kind", "name"), [(PlanCommand, "plan"), (Batches, "batches"), (RunCommand, "run")])
def test_a_command_s_own_flags_come_second(run, monkeypatch, kind, name):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = run(name, "commit", "--help")
    group = out.partition(f" {name} options")[2].partition(" options ")[0]
    own = {field.name for field in dataclasses.fields(kind)} - {"recipe", "out", "processes"}
    assert set(FLAG.findall(group)) == {flag(key) for key in own}


def test_a_flag_that_must_be_given(run):
    status, _, err = run("train", "commit")
    assert status == 2
    assert "--out" in err


def test_the_overview_shows_commands_by_what_they_are_for(run):
    _, out, _ = run("--help")
    assert re.findall(r"^([a-z ]+):$", out, flags=re.MULTILINE) == list(COMMAND_GROUPS)
    assert max(map(len, out.splitlines())) <= 80
