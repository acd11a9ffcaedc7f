"""Run `commit-llm dictionary`: fetch a dictionary, and look into one."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse
from commit_llm.codemix.settings import Choice
from commit_llm.data.column_names import ColumnFlags
from commit_llm.errors import UserError


@dataclass(frozen=True)
class Fetch:
    """Download a MUSE dictionary and record its origin; an existing file is not fetched again."""

    pair: Annotated[str, tyro.conf.Positional]
    """Source and target language: en-hi, el-en. docs/languages.md lists them."""
    out: Path = Path()
    """The folder for the dictionary."""
    url: str = "https://dl.fbaipublicfiles.com/arrival/dictionaries/"
    """Address of the dictionaries, for example your own mirror."""
    json: bool = False
    """Print the record as JSON."""


@dataclass(frozen=True)
class Inspect(ColumnFlags):
    """Report the size of a dictionary, its noise, and how much of a text it covers."""

    file: Annotated[Path, tyro.conf.Positional] = field(kw_only=True)
    """A dictionary: MUSE's .txt, a two-column .tsv or .csv, or .jsonl with `source` and `target`; also compressed."""
    text: Path | None = None
    """A data file in the dictionary's source language, to see how much of it the dictionary covers."""
    parallel: tuple[Path, Path] | None = None
    """SOURCE TARGET: texts and their translations, two files of parallel lines or in SQuAD layout (.json), to see how
    often the dictionary's translations occur there."""
    choice: Choice = "uniform"
    """Choice of the translation for --parallel, as in `mix`."""
    target_text: Path | None = None
    """A data file of text in the dictionary's target language, in which --choice frequent counts translations."""
    out: Path | None = None
    """Write the cleaned dictionary here, as a .txt or .tsv file."""
    fields: tuple[str, ...] = ()
    """Columns of the data file. Default: instruction, input and output, or text."""
    languages: str | None = None
    """Source and target language, such as en-el, if the file's name and letters do not show them."""
    skip_bad_lines: bool = False
    """Skip and count bad lines, instead of stopping at the first."""
    overwrite: bool = False
    """Replace an output that exists."""
    json: bool = False
    """Print JSON."""


@dataclass(frozen=True)
class Dictionary:
    """Fetch a bilingual dictionary, or look into one."""

    command: Annotated[
        Annotated[Fetch, tyro.conf.subcommand("fetch")] | Annotated[Inspect, tyro.conf.subcommand("inspect")],
        tyro.conf.OmitSubcommandPrefixes,
    ]


def run(argv: list[str]) -> None:
    command = parse(Dictionary, "dictionary", argv).command
    if isinstance(command, Fetch):
        fetch(command)
    else:
        inspect(command)


def fetch(command: Fetch) -> None:
    from commit_llm.cli.progress import bars
    from commit_llm.data.fetch_dictionary import fetch_dictionary

    with bars() as bar:
        path, provenance, was_there = fetch_dictionary(
            command.pair,
            command.out,
            command.url,
            lambda position, total: bar(f"fetching {command.pair}", position, total),
        )
    if command.json:
        say_json({"path": str(path), **asdict(provenance)}, indent=None)
        return
    say(f"{path}: {provenance.bytes:,} bytes" + (f", fetched on {provenance.fetched}" if was_there else ""))
    say(f"from {provenance.url}, SHA-256 {provenance.sha256}")
    say(f"licence {provenance.licence}: not for commercial use; name MUSE where you use it (Lample et al., 2018)")


def inspect(command: Inspect) -> None:
    from commit_llm.cli.progress import bars
    from commit_llm.cli.text.dictionary import as_json, report
    from commit_llm.codemix import BilingualDictionary, CodeMixer
    from commit_llm.codemix.inspection import clean_lines, inspect_dictionary, text_coverage
    from commit_llm.codemix.precision import translation_precision
    from commit_llm.data.column_names import open_columns
    from commit_llm.data.excerpts import first_examples
    from commit_llm.data.mixed_fields import Fields
    from commit_llm.data.parallel_texts import open_parallel
    from commit_llm.data.target_text import require_target_text, with_frequencies
    from commit_llm.files.whole import refuse_existing_file, whole_file

    if command.out:
        refuse_existing_file(command.out, command.overwrite)
        if command.out.suffix not in (".txt", ".tsv"):
            raise UserError(f"--out {command.out}: the output is tab-separated; name a .txt or .tsv file")
    require_target_text(command.choice, [str(command.target_text)] if command.target_text else [], 1)
    if command.choice != "uniform" and not command.parallel:
        raise UserError(
            f"--choice {command.choice}: says how translations are drawn for --parallel; name texts with it"
        )
    dictionary = BilingualDictionary.load(command.file, skip_bad_lines=command.skip_bad_lines)
    if command.target_text:
        dictionary = with_frequencies(dictionary, command.target_text, command.languages)
    mixer = CodeMixer(dictionary, ratio=1.0, languages=command.languages, choice=command.choice)
    cleaned = mixer.vocabulary.cleaned[0]
    inspection = inspect_dictionary(dictionary, cleaned, mixer.vocabulary.directions[0])
    coverage = precision = None
    if command.text:
        columns = open_columns(command.columns, command.text, command.fields)
        examples = first_examples(command.text, Fields(command.fields, columns=columns))
        with bars() as bar:
            coverage = text_coverage(mixer, examples, lambda number: bar("counting", number, len(examples)))
    if command.parallel:
        number, pairs = open_parallel(*command.parallel)
        with bars() as bar:
            precision = translation_precision(mixer, pairs, lambda position: bar("comparing", position, number))
    if command.out:
        with whole_file(command.out, command.overwrite) as temporary, temporary.open("w", encoding="utf-8") as file:
            file.writelines(clean_lines(cleaned))
    if command.json:
        say_json(as_json(inspection, coverage, precision, command.choice), indent=None)
    else:
        say(report(inspection, coverage, precision, command.choice))
    if command.out and not command.json:
        say(f"\nwrote {command.out}: {inspection.translations:,} pairs")
