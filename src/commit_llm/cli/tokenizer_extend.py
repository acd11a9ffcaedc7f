"""`commit-llm tokenizer extend`: a model with new pieces of a language."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from tyro.conf import UseAppendAction

from commit_llm.cli.lines import say
from commit_llm.data.column_names import ColumnFlags
from commit_llm.errors import UserError
from commit_llm.vocabulary.initial_rows import Initialise

if TYPE_CHECKING:
    from commit_llm.train.model_source import ModelSource
    from commit_llm.vocabulary.counted_texts import TextFile


@dataclass(frozen=True)
class Extend(ColumnFlags):
    """Add pieces of a language to a model's tokenizer, and rows for them to its weights.

    Old pieces keep their ids, and so does English text. Then align the model on text of the language: the new rows are
    only guesses.
    """

    model: Annotated[str, tyro.conf.Positional] = field(kw_only=True)
    """A model folder or a hub id."""
    size: int = field(kw_only=True)
    """How many pieces to add."""
    out: Path = field(kw_only=True)
    """The model folder to make."""
    text: UseAppendAction[tuple[Path, ...]] = ()
    """A data file in the language, to learn the pieces from; repeatable."""
    dictionary: Path | None = None
    """A dictionary from English into the language. Without --text, pieces are learnt from its translations."""
    initialise: Initialise = "pieces"
    """A new row is the mean over the rows of its old pieces, over the dictionary's English words for it, or over
    both."""
    protect: UseAppendAction[tuple[Path, ...]] = ()
    """A data file whose ids must not change; repeatable. Default: 23,957 English words."""
    fields: tuple[str, ...] = ()
    """Columns of --text. Default: a conversation's contents; instruction, input and output; or text."""
    model_revision: str | None = None
    """Commit, tag or branch of a hub model."""
    overwrite: bool = False
    """Replace an output that exists."""


def extend(command: Extend) -> None:
    from commit_llm.cli.progress import bars
    from commit_llm.files.provenance import public_name
    from commit_llm.files.whole import refuse_existing_folder
    from commit_llm.vocabulary.counted_texts import open_text
    from commit_llm.vocabulary.english import english_texts, english_words, read_word_pairs
    from commit_llm.vocabulary.extend import learn, open_growing, write_extended
    from commit_llm.vocabulary.growth import count_words, tokens_a_word, without_english

    _require_sense(command)
    refuse_existing_folder(command.out, command.overwrite, "config.json")
    source = _open(command)
    model = open_growing(source.folder, source.config, source.tokenizer, source.stops)
    pairs = read_word_pairs(command.dictionary) if command.dictionary else []
    files = [open_text(file, file.name, command.columns, command.fields, None) for file in command.text]
    protected = [open_text(file, file.name, (), (), None) for file in command.protect]

    with bars() as bar:

        def texts_of(files: Sequence["TextFile"], doing: str) -> Iterator[str]:
            for file in files:
                for example in file.read(partial(bar, f"{doing} {file.name}")):
                    yield from example.texts.values()

        def protect() -> Iterator[str]:
            return texts_of(protected, "keeping") if protected else iter(english_texts())

        targets = (target for _, target in pairs)
        counts = count_words(model.growable, texts_of(files, "counting") if files else targets)
        words = without_english(counts)
        growth, grown = learn(model, words, protect, command.size, lambda number: bar("learning", number, command.size))
    made_of: dict[str, Any] = {
        "base": public_name(command.model),
        **{name: [_described(file) for file in getattr(command, name)] for name in ("text", "protect")},
        "dictionary": None if command.dictionary is None else _described(command.dictionary),
    }
    extended = write_extended(model, command.out, growth, grown, command.initialise, pairs, made_of, command.overwrite)
    say(
        f"wrote {command.out}: {command.size:,} new pieces, from id {growth.first_id:,}; the embedding has "
        f"{extended.rows:,} rows ({model.config.vocab_size:,} before)"
    )
    say(f"a word takes {tokens_a_word(grown, words):.2f} tokens ({tokens_a_word(model.growable, words):.2f} before)")
    kept = "the texts of --protect" if command.protect else f"{len(english_words()):,} English words"
    say(f"{kept} keep their ids; {len(growth.dropped):,} pieces were dropped for this")
    if extended.left_out:
        say(f"not copied, because they would give other ids: {', '.join(extended.left_out)}")
    way = f"commit-llm train align --model {command.out} ..."
    say(f"new rows are guesses ({command.initialise}): train them on text, {way}")


def _open(command: Extend) -> "ModelSource":
    """Open the model. Raises UserError where it is not a model folder."""
    from commit_llm.runs.run import is_run
    from commit_llm.train.model_source import open_model

    is_of_run = is_run(Path(command.model))
    source = None if is_of_run else open_model(command.model, revision=command.model_revision)
    if source is None or source.adapter is not None:
        kind = "a run" if is_of_run else "an adapter"
        raise UserError(f"{command.model}: is {kind}; export it as a model (commit-llm export), and extend that")
    return source


def _described(file: Path) -> dict[str, Any]:
    """Describe a file without the folders that it is in, as the model may be published."""
    from commit_llm.files.provenance import describe, public_name, sha256

    described = describe(file, sha256(file))
    return described | {"path": public_name(str(file))}


def _require_sense(command: Extend) -> None:
    """Raise UserError for flags that do not go together."""
    if command.size < 1:
        raise UserError(f"--size {command.size}: must be at least 1")
    if not command.text and command.dictionary is None:
        raise UserError("--text or --dictionary: name a file that has the language's words")
    if command.initialise in ("translations", "both") and command.dictionary is None:
        raise UserError(f"--initialise {command.initialise}: needs a --dictionary from English into the language")
