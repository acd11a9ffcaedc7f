"""What a training run would see, from its first batches: nothing is written or compiled, no weights are read."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import compress
from pathlib import Path
from typing import Literal, NamedTuple

from commit_llm.codemix import Counts
from commit_llm.data.example_maker import ExampleMaker, MixedAndEncoded
from commit_llm.data.examples import Example, NoExample
from commit_llm.data.loader import training_examples
from commit_llm.data.mixing_flags import Ratio
from commit_llm.data.packing.batch import Batch, indices_of
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.interleaving import InterleavedExamples
from commit_llm.data.packing.row_fit import RowFit, row_fit
from commit_llm.data.token_growth import TokensAWord, tokens_a_word
from commit_llm.recipes import Recipe
from commit_llm.runs.run import begun_recipe, require_same_files, require_same_hub, require_same_prompt
from commit_llm.train.grown_rows import saving_grown_rows
from commit_llm.train.model_source import require_same_model
from commit_llm.train.passes import warn_of_many_passes
from commit_llm.train.prepare import prepare
from commit_llm.train.recipe_data import RecipeData, from_hub, open_recipe_batches, open_recipe_model
from commit_llm.train.watch import import_wandb

MOST_BATCHES = 100
MOST_TOKENS = 4 << 20  # places of the batches looked at: some seconds of work, however large a batch is


class SourceOutlook(NamedTuple):
    """Say what a run would see of one of several sources.

    examples: of a pass over it.
    share: of all examples that come up, 0 to 1.
    passes: over it, estimated.
    """

    name: str
    examples: int
    share: float
    passes: float


@dataclass(frozen=True)
class Outlook:
    """Say what a run would see. Tokens count special tokens; a place is room for one token of a row.

    new: whether the run would begin, rather than go on.
    sources: where there are several; an epoch is then over when each has had a whole pass.
    examples: of an epoch.
    held_out: examples beside them.
    looked_at: how many examples the figures come from. Where it is all of them the figures of an epoch are exact.
    tokens_an_epoch: exact or estimated.
    longer: how many of those looked at are longer than a row. Rows that are cut anywhere have none.
    longer_are: what rows do with them.
    longest: the places that keep them all whole; 0 where each fits.
    no_example: of those looked at, the records that give no example, by the name of the reason.
    untrained: answers of conversations looked at that are not trained.
    batches: how many of the run's were looked at.
    batch_size: rows a step.
    seq_len: places of a row.
    steps: of the run. Estimated, from how full the batches are, where epochs were asked for.
    epochs: passes over the data. Estimated where steps were asked for.
    asked_for_epochs: whether epochs were asked for.
    supervised: share of tokens, 0 to 1, that are trained.
    padding: share of places, 0 to 1, without a token.
    asked: the amount of mixing that was asked for, if any.
    ratio: of the mixer, or the points of its schedule; the one that gives the amount asked for.
    sentence_ratio: of sentences; None where none is mixed.
    remat: what a layer keeps for the backward pass.
    remat_reason: why, where it was asked for as auto.
    words: what became of them; None where nothing is mixed.
    tokens_a_word: before and after mixing; None where no example is too long, or nothing is mixed.
    """

    new: bool
    sources: list[SourceOutlook]
    examples: int
    held_out: int
    looked_at: int
    tokens_an_epoch: int
    longer: int
    longer_are: Literal["left out", "cut"]
    longest: int
    no_example: dict[str, int]
    untrained: int
    batches: int
    batch_size: int
    seq_len: int
    steps: int
    epochs: float
    asked_for_epochs: bool
    supervised: float
    padding: float
    asked: tuple[Literal["share", "cmi"], float] | None
    ratio: Ratio
    sentence_ratio: float | None
    remat: str
    remat_reason: str
    words: Counts | None
    tokens_a_word: TokensAWord | None = None

    @property
    def estimated(self) -> bool:
        """Say whether the figures of an epoch are estimated from a part of it."""
        return self.looked_at < self.examples


def dry_run(recipe: Recipe, run: Path, *, wandb_project: str | None = None) -> Outlook:
    """Look at the first batches of a run: 100 of them, or as many as have 4 million places, at least one.

    Checks what training checks, but for the weights, and raises its UserErrors. The steps of --epochs are estimated,
    where training counts them.
    """
    recipe.check()
    recipe = recipe.settled()
    if wandb_project is not None:
        import_wandb()
    asked = _asked(recipe)
    begun = begun_recipe(run, recipe)
    recipe = begun or recipe
    source = open_recipe_model(recipe, weights=False)
    if begun is None:
        recipe = saving_grown_rows(recipe, source)
    data = open_recipe_batches(recipe, source)
    recipe = data.recipe
    fill, drawn = _look_at(data, _number(recipe))
    examples = [example for example, _ in drawn]
    fits = [row_fit(example, recipe.seq_len) for example in examples]
    places = [data.batches.places(example) for example in examples]
    in_rows = [fit is not RowFit.LEFT_OUT for fit in fits]
    longer = sum(fit.is_long for fit in fits)
    an_epoch = data.batches.examples.num_records
    scale = an_epoch / len(drawn)
    epoch = data.batches.batches_of(scale * sum(compress(places, in_rows)) / (fill.used / fill.batches))
    if recipe.epochs is not None and begun is None:
        recipe = replace(recipe, steps=math.ceil(recipe.epochs * epoch))
    recipe.check_schedule()
    warn_of_many_passes(data._replace(recipe=recipe))
    training = prepare(recipe, source.config)
    if begun is not None:
        require_same_model(run, source)
        require_same_files(run, recipe, source.tokenizer.path)
        require_same_hub(run, from_hub(source, data))
        require_same_prompt(run, data.prompt)
    return Outlook(
        new=begun is None,
        sources=_of_sources(data, an_epoch * recipe.steps / epoch),
        examples=an_epoch,
        held_out=len(indices_of(data.held_out)),
        looked_at=len(drawn),
        tokens_an_epoch=round(scale * sum(compress(map(_length, examples), in_rows))),
        longer=longer,
        longer_are="cut" if recipe.split_long else "left out",
        longest=max(places) if longer else 0,
        no_example=Counter(example.reason.name for example in examples if isinstance(example, NoExample)),
        untrained=sum(example.untrained for example in examples if isinstance(example, Example)),
        batches=fill.batches,
        batch_size=recipe.batch_size,
        seq_len=recipe.seq_len,
        steps=recipe.steps,
        epochs=recipe.epochs or recipe.steps / epoch,
        asked_for_epochs=recipe.epochs is not None,
        supervised=fill.supervised / fill.used,
        padding=1 - fill.used / fill.places,
        asked=asked,
        ratio=recipe.ratio,
        sentence_ratio=recipe.sentence_ratio if recipe.mixes_sentences else None,
        remat=training.remat.value,
        remat_reason=training.remat.reason,
        words=reduce(Counts.plus, (words for _, words in drawn), Counts()) if recipe.mixes else None,
        tokens_a_word=tokens_a_word(data.makes, training_examples(recipe, *data.makes)) if longer else None,
    )


@dataclass
class Fill:
    """Count the places of batches, those of them that hold a token, and those whose target is trained."""

    batches: int = 0
    places: int = 0
    used: int = 0
    supervised: int = 0

    def add(self, batch: Batch) -> None:
        """Count those of one more batch."""
        self.batches += 1
        self.places += batch["segment_ids"].size
        self.used += int((batch["segment_ids"] > 0).sum())
        self.supervised += int(batch["loss_masks"].sum())


@dataclass
class Observed:
    """Give the examples of the sources, and keep what became of those of the first epoch."""

    makes: Sequence[ExampleMaker]
    order: Examples | InterleavedExamples
    first_epoch: list[MixedAndEncoded] = field(default_factory=list)

    @property
    def num_records(self) -> int:
        """Count the records of an epoch."""
        return self.order.num_records

    @property
    def first_source_epoch(self) -> int:
        """Count the examples until the first source has had one whole pass."""
        return self.order.first_source_epoch

    def index(self, position: int) -> int:
        """Give the index of the record at a position of the sequence."""
        return self.order.index(position)

    def __getitem__(self, position: int) -> Example | NoExample:
        source, epoch, index, place = self.order.where(position)
        mixed_and_encoded = self.makes[source].mix_and_encode(epoch, index, place)
        if position < self.num_records:
            self.first_epoch.append(mixed_and_encoded)
        return mixed_and_encoded.example


def _look_at(data: RecipeData, number: int) -> tuple[Fill, list[MixedAndEncoded]]:
    """Draw so many batches. Gives their fill, and what became of the first epoch's records for them."""
    observed = Observed(data.makes, training_examples(data.recipe, *data.makes))
    data.batches.examples = observed
    fill = Fill()
    for _ in range(number):
        fill.add(next(data.batches))
    return fill, observed.first_epoch


def _of_sources(data: RecipeData, drawn: float) -> list[SourceOutlook]:
    """Say what is seen of several sources. drawn: the examples that come up in the run."""
    order = training_examples(data.recipe, *data.makes)
    if isinstance(order, Examples):
        return []
    total = sum(make.source.weight for make in data.makes)
    shares = [float(make.source.weight / total) for make in data.makes]
    return [
        SourceOutlook(name, source.num_records, share, share * drawn / source.num_records)
        for name, source, share in zip(order.names, order.sources, shares, strict=True)
    ]


def _length(example: Example | NoExample) -> int:
    return 0 if isinstance(example, NoExample) else len(example.tokens)


def _number(recipe: Recipe) -> int:
    """Say how many batches to look at."""
    most = min(MOST_BATCHES, MOST_TOKENS // (recipe.batch_size * recipe.seq_len))
    return max(1, most if recipe.epochs is not None else min(most, recipe.steps))


def _asked(recipe: Recipe) -> tuple[Literal["share", "cmi"], float] | None:
    if recipe.target_share is not None:
        return "share", recipe.target_share
    return None if recipe.target_cmi is None else ("cmi", recipe.target_cmi)
