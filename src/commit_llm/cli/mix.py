"""Run `commit-llm mix`: code-mix the texts of a data file."""

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from commit_llm.cli.first_pass import fitted
from commit_llm.cli.lines import say
from commit_llm.cli.parse import INTERRUPTED, parse
from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.data.column_names import ColumnFlags
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.errors import UserError

if TYPE_CHECKING:
    from commit_llm.codemix import CodeMixer, Counts
    from commit_llm.data.mix_file import Job, Report
    from commit_llm.data.mixed_fields import Fields


MOST_WORKERS = 1024


@dataclass(frozen=True)
class Mix(ColumnFlags, MixingFlags):
    """Swap words of a data file for their translations; everything else stays, and so does the order of rows.

    The file may be larger than memory. After a kill, the same command resumes.
    """

    input: Annotated[Path, tyro.conf.Positional] = field(kw_only=True)
    """A data file: .json, .jsonl, .parquet, .csv, .tsv or .txt; texts also compressed, with .gz or .zst."""
    out: Path | None = None
    """The mixed file; its suffix names the format: .json, .jsonl, .parquet or .txt. OUT.provenance.json records its
    inputs."""
    list_sentences: Path | None = None
    """Instead of mixing: write the sentences to translate for --sentences, one a line, each once, without those of a
    given --sentences file."""
    fields: tuple[str, ...] = ()
    """Columns to mix. Default: the contents of a conversation; instruction, input and output; or text."""
    workers: int = 1
    """Number of processes."""
    overwrite: bool = False
    """Replace an output that exists, or that began with other settings."""
    json: bool = False
    """Print the counts as JSON."""


def run(argv: list[str]) -> int | None:
    command = parse(Mix, "mix", argv)
    if command.list_sentences is not None:
        from commit_llm.cli.list_sentences import run_list

        run_list(command, command.list_sentences)
        return None
    out = command.out
    if out is None:
        raise UserError("name the mixed file with --out")
    if isinstance(command.ratio, tuple):
        raise UserError(
            f"--ratio {ratio_text(command.ratio)}: changes with the passes over the data, but a file is mixed once; "
            "give one number (`train` changes it, `preview --at` shows the rows)"
        )
    if not 1 <= command.workers <= MOST_WORKERS:
        raise UserError(f"--workers {command.workers}: must be 1 to {MOST_WORKERS:,}")
    from commit_llm.files.workers import give_back_freed_memory

    give_back_freed_memory()  # before Arrow is imported
    from commit_llm.cli.progress import bars
    from commit_llm.cli.text.mix import as_json, as_text
    from commit_llm.data.column_names import open_columns
    from commit_llm.data.mix_file import mix_file
    from commit_llm.data.mixed_fields import Fields
    from commit_llm.files.data_format import require_data_file, require_written_suffix
    from commit_llm.files.unfinished import folder_of, refuse_existing_output

    refuse_existing_output(out, command.overwrite)
    require_written_suffix(out)
    require_data_file(command.input)
    named = [path for path, _ in (*command.dictionary_files, *command.sentence_files)]
    for source in [command.input, *named, *command.skip_words_files, *command.target_text_files]:
        if source.resolve() == out.resolve():
            raise UserError(f"{out}: is the input; choose another --out")
    columns = open_columns(command.columns, command.input, command.fields)
    fields = Fields(command.fields, command.mix_fields, command.mix_roles, columns)
    mixer, request = fitted(command, command.open_mixer(), command.input, fields)
    try:
        with bars() as bar:
            mixed = mix_file(
                job(command, out, mixer, fields),
                workers=command.workers,
                overwrite=command.overwrite,
                report=reporter(bar),
                check=partial(check, mixer, command.mix_fields),
            )
    except (KeyboardInterrupt, SystemExit) as stop:
        if folder_of(out).is_dir():
            say(f"commit-llm mix: {out}: finished parts are kept; the same command resumes", to_stderr=True)
        if isinstance(stop, SystemExit):
            raise
        return INTERRUPTED
    ratio = mixer.settings.ratio_at(epoch=0, place=0.0)
    of_sentences = command.sentence_ratio if command.sentences else None
    say(as_json(mixed, out, ratio, of_sentences) if command.json else as_text(mixed, out, ratio, of_sentences, request))
    return None


def job(command: Mix, out: Path, mixer: "CodeMixer", fields: "Fields") -> "Job":
    """Describe the file to mix as the command asks for it."""
    from commit_llm.codemix.finding.segmentation import method_and_version
    from commit_llm.data.mix_file import Job

    settings = {setting.name: getattr(command, setting.name) for setting in dataclasses.fields(MixingFlags)}
    del settings["dictionary"], settings["sentences"], settings["target_text"]  # described with their hashes
    if command.style != "clean":
        settings["clean_version"] = None
    settings["ratio"] = mixer.settings.ratio
    if mixer.unspaced:
        settings["segmentation"] = method_and_version(command.segmentation)
    return Job(
        input=command.input,
        out=out,
        mixer=mixer,
        fields=fields,
        dictionaries=[
            (path, {"weight": weight, "pairs": sum(map(len, dictionary.translations.values()))})
            for (path, weight), dictionary in zip(command.dictionary_files, mixer.dictionaries, strict=True)
        ],
        sentences=[
            (path, {"weight": weight, "pairs": len(pairs)})
            for (path, weight), pairs in zip(command.sentence_files, mixer.vocabulary.sentences, strict=True)
        ],
        other_files=[*command.skip_words_files, *command.target_text_files],
        recipe={
            **settings,
            "columns": list(command.columns),
            "fields": list(command.fields),
            "weights": [weight for _, weight in command.dictionary_files],
            "sentence_weights": [weight for _, weight in command.sentence_files],
        },
    )


def check(
    mixer: "CodeMixer", mix_fields: Sequence[str], counts: "Counts", columns: "Mapping[str, Any]", more: bool
) -> str | None:
    """Give the warning for dictionaries that have hardly a word of the first chunk.

    It is printed at once, unless this is the only chunk and no word can be replaced: then it will be the error.
    """
    from commit_llm.codemix.direction import complaint

    for setting, names in (("--mix-fields", mix_fields), ("--annotate-fields", mixer.settings.annotate_fields)):
        for name in names:
            if name not in columns:
                raise UserError(f"{setting} {name}: no such field in the data; there are {', '.join(columns)}")
    mixer.settings.require_annotated(mix_fields or columns)
    warning = complaint(mixer, counts, columns)
    if not counts.words:
        warning = f"{', '.join(columns) or 'the data'}: has no word to mix"
    if warning and (counts.hits or more):
        say(f"commit-llm mix: {warning}", to_stderr=True)
    return warning


def reporter(bar: Any) -> "Report":
    """Show progress on the terminal, with the rows mixed a second."""
    began: list[float] = []

    def report(doing: str, reached: int, total: int, rows: int = 0) -> None:
        if not began and doing.startswith("mixing"):
            began.append(time.perf_counter())
        bar(doing, reached, total, f"{rows / (time.perf_counter() - began[0]):,.0f} rows/s" if rows else "")

    return report
