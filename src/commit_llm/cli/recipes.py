"""`commit-llm recipes`: the recipes, and what each one sets."""

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse
from commit_llm.recipes import RECIPES, dump_recipe, find_recipe


@dataclass(frozen=True)
class RecipesCommand:
    """List the recipes, or print the values of one.

    A recipe whose name ends in -2024 does exactly what the original did, with its faults.
    """

    name: Annotated[str | None, tyro.conf.Positional] = None
    """A recipe's name, or a config.yaml."""
    json: bool = False
    """Print JSON."""


def run(argv: list[str]) -> None:
    command = parse(RecipesCommand, "recipes", argv)
    if command.name is not None:
        recipe = find_recipe(command.name).settled()
        if command.json:
            say_json(dataclasses.asdict(recipe))
        else:
            say(dump_recipe(recipe), end="")
    elif command.json:
        say_json({name: dataclasses.asdict(recipe.settled()) for name, (_, recipe) in RECIPES.items()})
    else:
        width = max(map(len, RECIPES))
        for name, (summary, _) in RECIPES.items():
            say(f"{name:<{width}}  {summary}")
        say("\n`commit-llm recipes NAME` prints all that a recipe sets.")
