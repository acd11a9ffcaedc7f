"""Run `commit-llm tokenizer`: look at how a tokenizer spells a language, and add pieces of the language to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from tyro.conf import UseAppendAction

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse
from commit_llm.cli.tokenizer_extend import Extend, extend
from commit_llm.data.column_names import ColumnFlags
from commit_llm.data.prompt_flags import PromptFlags
from commit_llm.errors import UserError

ALPACA_PROMPT = PromptFlags()

if TYPE_CHECKING:
    from commit_llm.data.forms.form import Form
    from commit_llm.data.tokenizer import Tokenizer


@dataclass(frozen=True)
class Inspect(ColumnFlags):
    """Report how many tokens a language takes, and how long training rows must be for it.

    Reads only the tokenizer of a model. Words are counted as in mixing.
    """

    model: Annotated[str, tyro.conf.Positional] = field(kw_only=True)
    """A tokenizer: a model's folder, a run, a hub id, or a tokenizer.json or tokenizer.model."""
    text: UseAppendAction[tuple[Path, ...]] = ()
    """A data file in the language, or one in SQuAD's layout, whose contexts count. Repeat it for more texts;
    translations of the same text are compared with the first (for example, English)."""
    beside: str | None = None
    """Another tokenizer to compare with the first: its grown version, or another model's."""
    dictionary: UseAppendAction[tuple[Path, ...]] = ()
    """A dictionary, to count the tokens of its translations too; repeatable. For a text in its source language, the
    translations that mixing draws count too."""
    fields: tuple[str, ...] = ()
    """Columns of the data files. Default: a conversation's contents; instruction, input and output; or text."""
    skip_bad_lines: bool = False
    """Skip and count bad lines of a dictionary, instead of stopping at the first."""
    examples: int = 50_000
    """How many examples of each text to read, from the first; 0 is all."""
    worst: int = 10
    """How many of a dictionary's words with the most tokens to list."""
    layout: PromptFlags = ALPACA_PROMPT
    json: bool = False
    """Print JSON."""


@dataclass(frozen=True)
class TokenizerCommand:
    """Look at how a tokenizer spells a language, and add pieces of the language to it."""

    command: Annotated[
        Annotated[Inspect, tyro.conf.subcommand("inspect")] | Annotated[Extend, tyro.conf.subcommand("extend")],
        tyro.conf.OmitSubcommandPrefixes,
    ]


def run(argv: list[str]) -> None:
    command = parse(TokenizerCommand, "tokenizer", argv).command
    if isinstance(command, Extend):
        extend(command)
    else:
        inspect(command)


def inspect(command: Inspect) -> None:
    from commit_llm.cli.progress import bars
    from commit_llm.cli.text.tokenizer import as_json, report
    from commit_llm.codemix import BilingualDictionary
    from commit_llm.vocabulary.counted_texts import count_text, open_text
    from commit_llm.vocabulary.token_counts import TokenCounts
    from commit_llm.vocabulary.translation_tokens import TranslationTokens

    _check(command)
    names = [command.model, *([] if command.beside is None else [command.beside])]
    tokenizers = [open_tokenizer(name) for name in names]
    forms = [_form(command.layout, tokenizer) for tokenizer in tokenizers]
    dictionaries = [
        TranslationTokens(BilingualDictionary.load(path, skip_bad_lines=command.skip_bad_lines))
        for path in command.dictionary
    ]
    labels = _labels(list(map(str, command.text)))
    files = [
        open_text(*named, command.columns, command.fields, command.examples or None)
        for named in zip(command.text, labels, strict=True)
    ]
    texts = []
    with bars() as bar:
        for file in files:
            tokens = [TokenCounts(*pair) for pair in zip(tokenizers, forms, strict=True)]
            texts.append(count_text(file, tokens, dictionaries, partial(bar, f"counting {file.name}")))
        for dictionary in dictionaries:
            source = next((file for file in files if dictionary.shares[file.name].is_source), None)
            if source is not None:
                reader = source.read(partial(bar, f"drawing from {dictionary.name}"))
                dictionary.draw(source.name, reader)
    named = dict(zip(_labels(names), tokenizers, strict=True))
    if command.json:
        say_json(as_json(named, texts, dictionaries, command.worst), indent=None)
    else:
        say(report(named, texts, dictionaries, command.worst, command.examples))


def open_tokenizer(name: str) -> "Tokenizer":
    """Open the tokenizer of a model's folder, a run or a model of the hub, or one by its file. No weights are fetched.

    Raises UserError where there is none.
    """
    from commit_llm.data.tokenizer import HUGGING_FACE, SENTENCEPIECE, load_tokenizer
    from commit_llm.recipes import load_recipe
    from commit_llm.runs.run import CONFIG, MODEL, is_run, tokenizer_file

    path = Path(name)
    if path.is_file() or (path.suffix in (".json", ".model") and not path.exists()):
        return load_tokenizer(path)
    if is_run(path):
        return load_tokenizer(tokenizer_file(path, path / MODEL)).with_bos(load_recipe(path / CONFIG).bos)
    if not path.is_dir():
        from commit_llm.train.model_source import folder_of  # which imports jax

        path, _, _ = folder_of(name, None, weights=False)
    if not any((path / file).is_file() for file in (HUGGING_FACE, SENTENCEPIECE)):
        raise UserError(f"{path}: holds neither {HUGGING_FACE} nor {SENTENCEPIECE}; name a folder or a file that does")
    return load_tokenizer(tokenizer_file(path, path))


def _check(command: Inspect) -> None:
    """Raise UserError for flags that cannot be followed."""
    if not command.text:
        raise UserError("no text; name a data file in the language with --text")
    for flag, paths in (("--text", command.text), ("--dictionary", command.dictionary)):
        if len(set(paths)) < len(paths):
            raise UserError(f"{flag}: names one file twice; leave out one")
    for flag, value in (("--examples", command.examples), ("--worst", command.worst)):
        if value < 0:
            raise UserError(f"{flag} {value}: must be at least 0")
    command.layout.check_prompt(takes_any=True)


def _form(flags: PromptFlags, tokenizer: "Tokenizer") -> "Form":
    """Give the form of instructions, or with --prompt chat of conversations too, as training would choose it."""
    from commit_llm.data.chat.template import ChatTemplate
    from commit_llm.data.forms.chat import ChatForm
    from commit_llm.data.forms.instruction import InstructionForm
    from commit_llm.data.opened_prompt import open_prompt
    from commit_llm.data.stops import read_stops, with_literals

    stops = with_literals(read_stops(tokenizer.path.parent, tokenizer), flags.stop, tokenizer)
    prompt = open_prompt(flags, tokenizer, stops)
    if isinstance(prompt, ChatTemplate):
        return ChatForm(prompt, train_on=flags.train_on, strip_answers=not flags.keep_white_space)
    return InstructionForm() if prompt is None else InstructionForm(prompt=prompt.passages)


def _labels(names: Sequence[str]) -> list[str]:
    """Give the last part of each name, or all of it where two share that."""
    short = [Path(name).name or Path(name).resolve().name for name in names]
    return [label if short.count(label) == 1 else name for label, name in zip(short, names, strict=True)]
