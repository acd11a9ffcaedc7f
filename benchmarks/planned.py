"""Reckon what `commit-llm plan` says of the trainings that `benchmarks/gpu.sh --8b` measured, by arithmetic.

    python benchmarks/planned.py FOLDER

Writes FOLDER/planned.json: GiB by the name of the part. It needs all libraries of commit-llm, which a machine that
measures may lack.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

from gpu_table import read_output, read_parts

from commit_llm.model.config import ModelConfig
from commit_llm.recipes import Recipe
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.estimate import GIB


def planned(figures: dict[str, Any]) -> float:
    """Give the GiB of one measured training."""
    conditions = Conditions(ModelConfig(**figures["config"]), figures["dtype"], scores=figures["scores"])
    return conditions.estimate(dataclasses.replace(Recipe(), **figures["recipe"]), 1).needed / GIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    needed = {
        name: planned(figures)
        for name in read_parts(folder)
        for figures in read_output(folder, name)[0]
        if "recipe" in figures
    }
    (folder / "planned.json").write_text(json.dumps(needed), encoding="utf-8")


if __name__ == "__main__":
    main()
