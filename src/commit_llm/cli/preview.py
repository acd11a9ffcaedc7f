"""Run `commit-llm preview`: show the first rows of a data file, original and mixed, in the terminal or as a page."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from commit_llm.cli.first_pass import fitted
from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.codemix.ratio_schedule import RatioSchedule, ratio_text
from commit_llm.data.column_names import ColumnFlags
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.recipe_paths import PATHS
from commit_llm.errors import UserError

if TYPE_CHECKING:  # numpy
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
    from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
    from commit_llm.codemix.mixer import CodeMixer
    from commit_llm.codemix.settings import MixingSettings


@dataclass(frozen=True)
class Preview(ColumnFlags, MixingFlags):
    """Show how `mix` changes the first rows of a data file: replaced words in colour, shares, measures of mixing."""

    input: Annotated[Path, tyro.conf.Positional] = field(kw_only=True)
    """A data file: .json, .jsonl, .parquet, .csv, .tsv or .txt; texts also compressed, with .gz or .zst."""
    fields: tuple[str, ...] = ()
    """Columns to show. Default: the messages of a conversation; instruction, input and output; or text."""
    rows: int = 10
    """How many rows to show, from the first."""
    html: Path | None = None
    """Write one self-contained HTML page instead of showing the rows here."""
    at: float = 0.0
    """Show the rows as training sees them after this many passes over the data, such as 1.5: its draws, its ratio."""
    explain: bool = False
    """Give the reason why each word was not replaced."""
    overwrite: bool = False
    """Replace a page that exists."""


def run(argv: list[str]) -> None:
    command = parse(Preview, "preview", argv)
    from rich.console import Console

    from commit_llm.data.column_names import open_columns
    from commit_llm.data.excerpts import first_records
    from commit_llm.data.explained_records import explain_record
    from commit_llm.data.mixed_fields import Fields
    from commit_llm.files.records import records_of
    from commit_llm.files.whole import refuse_existing_file, whole_file
    from commit_llm.report.preview import preview as report
    from commit_llm.report.preview.preview_page import preview_page
    from commit_llm.report.preview.preview_terminal import show, summary

    if command.rows < 1:
        raise UserError(f"--rows {command.rows}: must be at least 1")
    if not 0 <= command.at < math.inf:
        raise UserError(f"--at {command.at:g}: passes over the data are a number, at least 0; give one such as 1.5")
    if command.html is not None:
        if command.html.suffix not in (".html", ".htm"):
            raise UserError(f"--html {command.html}: the page is an .html file; name one")
        refuse_existing_file(command.html, command.overwrite, "--html")
    records, total = first_records(command.input, command.rows)
    columns = open_columns(command.columns, command.input, command.fields)
    fields = Fields(command.fields, command.mix_fields, command.mix_roles, columns)
    mixer, request = fitted(command, command.open_mixer(), command.input, fields)
    epoch = int(command.at)
    with records_of(command.input):
        explained = [
            explain_record(record, row, mixer, fields, epoch, command.at - epoch) for row, record in enumerate(records)
        ]
    names = dict.fromkeys(text.name for texts in explained for text in texts if text.name is not None)
    for setting, asked in (("--mix-fields", command.mix_fields), ("--annotate-fields", command.annotate_fields)):
        for name in asked:
            if name not in names:
                raise UserError(
                    f"{setting} {name}: no such field in these rows; there are {', '.join(names) or 'none'}"
                )
    mixer.settings.require_annotated(command.mix_fields or names)
    rows = [{text.label: (text.text, text.words) for text in texts} for texts in explained]
    settings = _settings(command, mixer) | ({"amount": request} if request else {})
    preview = report.MixingPreview(rows, total, settings, command.explain, mixer.unspaced)
    console = Console()
    if command.html is None:
        show(preview, console)
        return
    with whole_file(command.html, command.overwrite) as temporary:
        temporary.write_text(preview_page(preview), encoding="utf-8")
    summary(preview, console)
    say(f"wrote {command.html}")


def _ratio(settings: "MixingSettings", at: float) -> str:
    """Say which ratio is shown, and where training has it, if that is not its beginning or the ratio moves."""
    ratio = f"{settings.ratio_at(0, at):.4g}"
    moving = f" of {ratio_text(settings.ratio)}" if isinstance(settings.ratio, RatioSchedule) else ""
    return f"{ratio}, after {at:g} passes{moving}" if at or moving else f"{settings.ratio:g}"


def _names(files: "Sequence[BilingualDictionary | SentencePairs]", weights: Sequence[float] | None) -> str:
    """Name files, with their weights where these differ."""
    if len(set(weights or ())) < 2:
        return ", ".join(file.name for file in files)
    return ", ".join(f"{file.name} ({weight:g})" for file, weight in zip(files, weights or (), strict=True))


def _settings(command: Preview, mixer: "CodeMixer") -> dict[str, str]:
    """Give what a reader needs to do the same: the usual settings, and every other that is not as it is by default."""
    settings = mixer.settings
    sentences = _names(mixer.vocabulary.sentences, settings.sentence_weights)
    shown = {
        "file": command.input.name,
        "dictionary": _names(mixer.dictionaries, settings.weights) or "none",
        **({"sentences": sentences, "sentence ratio": f"{settings.sentence_ratio:g}"} if sentences else {}),
        "style": settings.style,
        "ratio": _ratio(settings, command.at),
        "draw": "type" if settings.by_type else "occurrence",
        "seed": str(settings.seed),
    }
    for option in dataclasses.fields(MixingFlags):
        value = getattr(command, option.name)
        if option.name.replace("_", " ") not in (*shown, "target share", "target cmi") and value != option.default:
            if isinstance(value, tuple):
                names = (Path(each).name for each in value) if option.name in PATHS else value
                value = ", ".join(names)
            # Of a file its name is enough: a page is shown to others.
            shown[option.name.replace("_", " ")] = "yes" if value is True else Path(str(value)).name
    return shown
