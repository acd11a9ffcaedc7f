"""Write a model folder with new pieces in its tokenizer, and their rows in its weights."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm import __version__
from commit_llm.convert.config_text import changed_config
from commit_llm.convert.folder import CONFIG_FILE
from commit_llm.convert.grown_vocabulary import FIRST_ID, PIECES, VOCABULARY
from commit_llm.convert.grown_weights import write_grown_weights
from commit_llm.convert.huggingface import open_whole_weights
from commit_llm.convert.weight_files import DTYPE_NAMES, EMBEDDING
from commit_llm.data.stops import write_generation_config
from commit_llm.data.tokenizer import HUGGING_FACE, SENTENCEPIECE, Tokenizer
from commit_llm.data.tokenizer_files import copy_if_there, copy_tokenizer, own_name
from commit_llm.errors import UserError
from commit_llm.files.whole import whole_folder, write_json
from commit_llm.model.config import ModelConfig
from commit_llm.runs.run import PROVENANCE
from commit_llm.vocabulary.growable import Growable
from commit_llm.vocabulary.growth import Growth, count_words, grow, open_growable, pieces_within
from commit_llm.vocabulary.initial_rows import Initialise, joined, of_pieces, of_translations

FORMS = {SENTENCEPIECE, HUGGING_FACE, "vocab.json", "merges.txt"}  # that one tokenizer may have


@dataclass(frozen=True)
class GrowingModel:
    """Hold the model that grows.

    folder: a model folder, with weights.
    stops: the ids that end a text.
    dtype: of its embedding.
    growable: its tokenizer, opened for growing.
    """

    folder: Path
    config: ModelConfig
    tokenizer: Tokenizer
    stops: tuple[int, ...]
    dtype: str
    growable: Growable


def open_growing(folder: Path, config: ModelConfig, tokenizer: Tokenizer, stops: tuple[int, ...]) -> GrowingModel:
    """Look at a model folder's weights and its tokenizer before anything is learnt.

    Raises UserError where the weights are damaged or quantised, or the tokenizer cannot grow.
    """
    growable = open_growable(tokenizer)
    with open_whole_weights(folder, config) as tensors:
        dtype = DTYPE_NAMES[tensors[EMBEDDING].dtype]
    return GrowingModel(folder, config, tokenizer, stops, dtype, growable)


class Extended(NamedTuple):
    """Say what was written.

    rows: of the embedding.
    left_out: other forms of the tokenizer, which would give other ids.
    """

    rows: int
    left_out: list[str]


def learn(
    model: GrowingModel,
    words: Mapping[str, int],
    protect: Callable[[], Iterable[str]],
    size: int,
    report: Callable[[int], None] = lambda number: None,
) -> tuple[Growth, Growable]:
    """Learn so many pieces of words, none of which changes the ids of protected texts; give the grown tokenizer too.

    words: runs of letters, with how often each occurs.
    protect: gives the protected texts, as often as it is called.

    Raises UserError where there are fewer pieces to learn.
    """
    protected = pieces_within(model.growable, count_words(model.growable, protect()))
    dropped: set[str] = set()
    while True:
        growth = grow(model.growable, words, protected, size, report)
        dropped |= growth.dropped
        growth = Growth(growth.pieces, growth.first_id, dropped)
        _require_pieces(growth, size)
        grown = model.growable.grown(growth.pieces)
        changed = _changing(model.growable, grown, growth, protect())
        if not changed:
            return growth, grown
        # What the rule for neighbours does not see. Each round protects more, so that this ends.
        protected |= changed
        dropped |= changed


def _require_pieces(growth: Growth, size: int) -> None:
    if not growth.pieces:
        raise UserError(
            f"--size {size}: there is no new piece to learn; the words are single pieces already, or none occurs twice"
        )
    if len(growth.pieces) < size:
        raise UserError(
            f"--size {size}: there are only {len(growth.pieces):,} new pieces that occur twice; take that, or more text"
        )


def _changing(old: Growable, grown: Growable, growth: Growth, texts: Iterable[str]) -> set[str]:
    """Give the new pieces that stand in protected texts whose ids have changed."""
    changed = set()
    for text in texts:
        ids = grown.encode(text)
        if ids != old.encode(text):
            changed |= {growth.pieces[number - growth.first_id] for number in ids if number >= growth.first_id}
    return changed


def write_extended(
    model: GrowingModel,
    out: Path,
    growth: Growth,
    grown: Growable,
    initialise: Initialise,
    pairs: Iterable[tuple[str, str]],
    made_of: Mapping[str, Any],
    overwrite: bool = False,
) -> Extended:
    """Write the model with a grown tokenizer.

    pairs: English words and their translations, where rows are made of these.
    made_of: what grown_vocabulary.json says of the texts.
    """
    shares = of_pieces(model.growable, growth.pieces)
    if initialise != "pieces":
        by_words = of_translations(model.growable, grown, growth.pieces, growth.first_id, pairs)
        shares = joined(initialise, shares, by_words)
    rows = max(model.config.vocab_size, growth.first_id + len(growth.pieces))
    with whole_folder(out, overwrite, CONFIG_FILE) as folder:
        copy_tokenizer(model.tokenizer, folder)
        left_out = [name for name in sorted(FORMS - {own_name(model.tokenizer)}) if (folder / name).exists()]
        for name in left_out:
            (folder / name).unlink()
        grown.write(folder)
        config = changed_config(model.folder / CONFIG_FILE, replace(model.config, vocab_size=rows), model.dtype)
        (folder / CONFIG_FILE).write_bytes(config.encode("utf-8"))
        write_grown_weights(model.folder, folder, model.config, rows, growth.first_id, shares)
        write_generation_config(model.folder, folder, model.tokenizer, model.stops)
        copy_if_there(model.folder, PROVENANCE, folder)
        described = {FIRST_ID: growth.first_id, PIECES: len(growth.pieces), "dropped": len(growth.dropped)}
        write_json(folder / VOCABULARY, {"commit_llm": __version__, **described, "initialise": initialise, **made_of})
    return Extended(rows, left_out)
