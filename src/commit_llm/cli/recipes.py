"""`commit-llm recipes`: the recipes, and what each one sets."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Annotated

import tyro

from commit_llm.cli.parse import parse
from commit_llm.recipes import RECIPES, dump_recipe, find_recipe


@dataclass(frozen=True)
class RecipesCommand:
    """List the recipes, or print what one sets.

    A name that ends in -2024 does exactly what the original did, its faults included.
    """

    name: Annotated[str | None, tyro.conf.Positional] = None
    """A recipe's name, or a config.yaml."""
    json: bool = False
    """Print JSON."""


def run(argv: list[str]) -> None:
    command = parse(RecipesCommand, "recipes", argv)
    if command.name is not None:
        recipe = find_recipe(command.name)
        print(json.dumps(dataclasses.asdict(recipe), indent=2) if command.json else dump_recipe(recipe), end="")
        if command.json:
            print()
    elif command.json:
        print(json.dumps({name: dataclasses.asdict(recipe) for name, (_, recipe) in RECIPES.items()}, indent=2))
    else:
        width = max(map(len, RECIPES))
        for name, (summary, _) in RECIPES.items():
            print(f"{name:<{width}}  {summary}")
        print("\n`commit-llm recipes NAME` prints all that a recipe sets.")
