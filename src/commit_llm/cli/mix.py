"""`commit-llm mix`: code-mix the texts of a data file."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.parse import parse
from commit_llm.codemix.settings import MixingSettings, open_mixer
from commit_llm.errors import UserError


@dataclass(frozen=True)
class Mix(MixingSettings):
    """Swap words of a data file for their translations; every other column and the order of rows stay."""

    input: Annotated[Path, tyro.conf.Positional] = field(kw_only=True)
    """A .json, .jsonl, .parquet or .txt file."""
    out: Path = field(kw_only=True)
    """The mixed file; its suffix names the format."""
    fields: tuple[str, ...] = ()
    """Columns to mix. Default: instruction, input and output, or text."""
    workers: int = 1
    """Processes that mix."""
    overwrite: bool = False
    """Replace an output that exists."""
    json: bool = False
    """Print the counts as JSON."""


def run(argv: list[str]) -> None:
    command = parse(Mix, "mix", argv)
    from commit_llm.cli.progress import bars
    from commit_llm.data.files import refuse_existing_file
    from commit_llm.data.mixing import mix_records
    from commit_llm.data.records import read_records, require_suffix, write_records

    refuse_existing_file(command.out, command.overwrite)
    require_suffix(command.out)
    if command.workers < 1:
        raise UserError(f"--workers {command.workers}: must be at least 1")
    records = read_records(command.input)
    mixer = open_mixer(command)
    with bars() as bar:
        mixed, counts = mix_records(
            records,
            command.fields or None,
            mixer,
            command.workers,
            lambda done: bar("mixing", done, len(records)),
        )
    if not counts.hits:
        raise UserError("none of the dictionary's words stands in the data")
    write_records(mixed, command.out, command.overwrite)
    if command.json:
        print(json.dumps({"rows": len(mixed), "words": counts.words, "hits": counts.hits, **counts._asdict()}))
        return
    found, changed = 100 * counts.hits / counts.words, 100 * counts.changed / counts.words
    print(f"{len(mixed):,} rows, {counts.words:,} words: {found:.1f} % in the dictionary, {changed:.1f} % changed")
    print(f"wrote {command.out}")
