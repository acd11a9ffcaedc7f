"""What a training run would see, from its first batches: nothing is written or compiled, no weights are read."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from commit_llm.codemix import Counts
from commit_llm.data.examples import Example
from commit_llm.data.packing import EXAMPLE_IDS, Batch
from commit_llm.recipes import Recipe, load_recipe
from commit_llm.runs.run import CONFIG, require_same_files, require_same_recipe, require_usable
from commit_llm.train.prepare import prepare
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model
from commit_llm.train.watch import import_wandb
from commit_llm.train.weights import require_same_model

MOST_BATCHES = 100
MOST_TOKENS = 4 << 20  # places of the batches looked at: some seconds of work, however large a batch is


@dataclass(frozen=True)
class Outlook:
    """What a run would see. Tokens count special tokens; a place is room for one token of a row.

    examples: of an epoch, held_out beside them. looked_at: how many of them the figures come from; where it is all of
    them the tokens of an epoch are exact, else estimated. longer: of those looked at, how many are longer than a row,
    which are left out or cut; rows of longest places keep all of them whole (0: each fits, or rows are cut anywhere, as
    those of plain text and of the original are).

    batches: how many of the run's were looked at. steps: of the run; epochs: passes over the data that they are. The
    one that was not asked for is estimated, from how full the batches looked at are.
    supervised: share of tokens, 0 to 1, that are trained; padding: share of places without a token. ratio: of the
    mixer, found for the amount asked for where there is one; words: what became of them (none where nothing is mixed).
    """

    new: bool
    examples: int
    held_out: int
    looked_at: int
    tokens_an_epoch: int
    longer: int
    longer_are: Literal["left out", "cut"]
    longest: int
    batches: int
    batch_size: int
    seq_len: int
    steps: int
    epochs: float
    asked_for_epochs: bool
    supervised: float
    padding: float
    asked: tuple[Literal["share", "cmi"], float] | None
    ratio: float
    words: Counts | None

    @property
    def estimated(self) -> bool:
        """Whether the figures of an epoch are estimated from a part of it."""
        return self.looked_at < self.examples


@dataclass
class Seen:
    """Of the first epoch's examples, the lengths in tokens and what became of their words; of batches, the places."""

    lengths: list[int] = field(default_factory=list)
    words: Counts = field(default_factory=Counts)
    batches: int = 0
    places: int = 0
    used: int = 0
    supervised: int = 0

    def made(self, epoch: int, example: Example | None) -> None:
        """Note an example."""
        if epoch == 0:
            self.lengths.append(0 if example is None else len(example.tokens))

    def mixed(self, epoch: int, counts: Counts) -> None:
        """Note what became of the words of one."""
        if epoch == 0:
            self.words = self.words.plus(counts)

    def take(self, batch: Batch) -> None:
        """Note a batch."""
        self.batches += 1
        self.places += batch["segment_ids"].size
        self.used += int((batch["segment_ids"] > 0).sum())
        self.supervised += int(batch["loss_masks"].sum())


def dry_run(recipe: Recipe, run: Path, *, wandb_project: str | None = None) -> Outlook:
    """Look at the first batches of a run: 100 of them, or as many as have 4 million places, at least one.

    Checks what training checks, but for the weights, and raises its UserErrors. The steps of --epochs are estimated,
    where training counts them.
    """
    recipe.check()
    if wandb_project is not None:
        import_wandb()
    new = require_usable(run, recipe)
    asked = _asked(recipe)
    source = open_recipe_model(recipe, weights=False)
    seen = Seen()
    recipe, batches, held_out, _ = open_recipe_batches(recipe, source, seen)
    for _ in range(_number(recipe)):
        seen.take(next(batches))

    # The original's rows hold every token; in ours an example's last one is a target only.
    original = recipe.behaviour == "original"
    cut_anywhere = original or recipe.form == "text"
    lengths = np.array(seen.lengths, np.int64)
    taken = lengths if original else np.maximum(lengths - 1, 0)
    longer = (taken > recipe.seq_len) & (not cut_anywhere)
    kept = ~longer | recipe.split_long
    examples = batches.examples.num_records
    epoch = examples / len(lengths) * int(taken[kept].sum()) / (seen.used / seen.batches)  # in batches
    if original:
        epoch = max(1, int(epoch))  # the tail of a pass is dropped
    if recipe.epochs is not None:
        recipe = replace(recipe, steps=_steps(recipe, None if new else run, math.ceil(recipe.epochs * epoch)))
    recipe.check_schedule()
    prepare(recipe, source.config)
    if not new:
        require_same_recipe(run, recipe)
        require_same_model(run, source)
        require_same_files(run, recipe, source.tokenizer.path)
    return Outlook(
        new=new,
        examples=examples,
        held_out=_examples_of(held_out),
        looked_at=len(lengths),
        tokens_an_epoch=round(examples / len(lengths) * int(lengths[kept].sum())),
        longer=int(longer.sum()),
        longer_are="cut" if recipe.split_long else "left out",
        longest=int(taken.max()) if longer.any() else 0,
        batches=seen.batches,
        batch_size=recipe.batch_size,
        seq_len=recipe.seq_len,
        steps=recipe.steps,
        epochs=recipe.epochs or recipe.steps / epoch,
        asked_for_epochs=recipe.epochs is not None,
        supervised=seen.supervised / seen.used,
        padding=1 - seen.used / seen.places,
        asked=asked,
        ratio=recipe.ratio,
        words=seen.words if recipe.ratio else None,
    )


def _number(recipe: Recipe) -> int:
    """How many batches are looked at."""
    most = min(MOST_BATCHES, MOST_TOKENS // (recipe.batch_size * recipe.seq_len))
    return max(1, most if recipe.epochs is not None else min(most, recipe.steps))


def _steps(recipe: Recipe, run: Path | None, estimated: int) -> int:
    """The steps of --epochs: those that a run of as many has counted, else as estimated."""
    known = None if run is None else load_recipe(run / CONFIG)
    return known.steps if known is not None and known.epochs == recipe.epochs else estimated


def _asked(recipe: Recipe) -> tuple[Literal["share", "cmi"], float] | None:
    if recipe.target_share is not None:
        return "share", recipe.target_share
    return None if recipe.target_cmi is None else ("cmi", recipe.target_cmi)


def _examples_of(batches: list[Batch]) -> int:
    ids = [batch[EXAMPLE_IDS].ravel() for batch in batches]
    return int((np.unique(np.concatenate(ids)) >= 0).sum()) if ids else 0
