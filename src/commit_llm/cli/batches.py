"""`commit-llm batches`: write the batches that training would see, as arrays."""

from dataclasses import dataclass
from pathlib import Path

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse_with_recipe
from commit_llm.errors import UserError
from commit_llm.recipes import Recipe


@dataclass(frozen=True)
class Batches:
    """Write the first batches of a training run, from the pipeline that training uses. Needs no weights.

    The file holds input_tokens, target_tokens, segment_ids and positions (int32) and loss_masks
    (float32), each of shape (batches, rows, sequence). A target counts where its mask is 1.
    """

    recipe: Recipe
    out: Path
    """An .npz file."""
    num_batches: int = 1
    """How many batches, from the first."""
    overwrite: bool = False
    """Replace an output that exists."""


def run(argv: list[str]) -> None:
    command = parse_with_recipe(Batches, "batches", argv)
    import numpy as np

    from commit_llm.data.packing.batch import step_arrays
    from commit_llm.files.whole import refuse_existing_file, whole_file
    from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model

    refuse_existing_file(command.out, command.overwrite)
    if command.out.suffix != ".npz":
        raise UserError(f"{command.out}: the arrays go into an .npz file; name one")
    if command.num_batches < 1:
        raise UserError(f"--num-batches {command.num_batches}: must be at least 1")
    command.recipe.check()
    batches = open_recipe_batches(command.recipe, open_recipe_model(command.recipe, weights=False)).batches
    first = [step_arrays(next(batches)) for _ in range(command.num_batches)]
    stacked = {key: np.stack([arrays[key] for arrays in first]) for key in first[0]}
    with whole_file(command.out, command.overwrite) as temporary, temporary.open("wb") as file:
        np.savez(file, **stacked)  # type: ignore[arg-type]
    supervised = 100 * stacked["loss_masks"].mean()
    padding = 100 * (stacked["segment_ids"] == 0).mean()
    shape = " x ".join(map(str, stacked["input_tokens"].shape))
    say(f"{shape} (batches x rows x tokens): {supervised:.1f} % of targets trained, {padding:.1f} % padding")
    say(f"wrote {command.out}")
