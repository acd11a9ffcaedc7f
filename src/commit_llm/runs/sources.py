"""What a run trains on, opened again for a look: its records, tokenizer and mixer. Needs no jax."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.named_source import NamedSource
from commit_llm.data.opened_prompt import open_prompt
from commit_llm.data.opened_sources import load_source, open_sources
from commit_llm.data.stops import read_stops
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.training_mixer import make_mixer
from commit_llm.errors import UserError
from commit_llm.files.data_format import has_data_suffix
from commit_llm.files.hub_data import HubRecords
from commit_llm.files.line_records import Check
from commit_llm.files.provenance import sha256
from commit_llm.files.records import Record
from commit_llm.recipes import Recipe, data_files_of, files_of
from commit_llm.runs.run import MODEL, hub_changes, tokenizer_file

RESTORE = "restore it, and give the command again"


def open_run_sources(
    run: Path, recipe: Recipe, files: Mapping[str, Any], hub: Mapping[str, Any] | None = None
) -> list[ExampleMaker]:
    """Open the makers of a run's examples, of each source.

    files: what the run's provenance.json says of each file, by its role.
    hub: what it says of what came from the hub.

    Raises UserError where a file is gone, has changed since the run began or cannot be read, or where the hub cannot
    be reached. Its message names files without their folders.
    """
    for role, path in files_of(recipe):
        _require_same(role, path, files.get(role))
    paths = [str(run), *(str(path) for _, path in files_of(recipe) if path.exists())]
    try:
        mixer = make_mixer(recipe)
        tokenizer = load_tokenizer(tokenizer_file(run, run / MODEL)).with_bos(recipe.bos)
        roles = iter([role for role, _ in data_files_of(recipe)])

        def load(source: NamedSource, check: Check) -> Sequence[Record]:
            return _records(recipe, source, (hub or {}).get(next(roles)))

        prompt = open_prompt(
            dataclasses.replace(recipe, chat_template=None), tokenizer, read_stops(run / MODEL, tokenizer)
        )
        return open_sources(recipe, tokenizer, mixer, load, prompt)
    except UserError as error:
        message = error.for_command()
        for name in sorted(paths, key=len, reverse=True):
            message = message.replace(name, Path(name).name)
        raise UserError(message) from None
    except OSError as error:
        raise UserError(f"{Path(error.filename or 'a file').name}: {error.strerror or 'cannot be read'}") from None


def _records(recipe: Recipe, source: NamedSource, described: Any) -> Sequence[Record]:
    name = source.name
    try:
        records = load_source(recipe, source)
    except UserError:
        if Path(name).exists():
            raise
        message = f"the data set {name} cannot be loaded from the hub here; look at it where the run was trained"
        raise UserError(message) from None  # its reasons hold paths
    if described is not None and hub_changes(described, records.describe() if isinstance(records, HubRecords) else {}):
        raise UserError(
            f"the data set {name} has changed on the hub since the run began; train again, with the commit that you "
            "want as --data-revision"
        )
    return records


def _require_same(role: str, path: Path, described: Any) -> None:
    """Raise UserError where a file is no longer what it was. A hub data set has no file to look at.

    described: what provenance.json says of it, if anything.
    """
    before = described if isinstance(described, dict) else None
    if not path.is_file():
        if before is not None or has_data_suffix(path) or not role.startswith("data"):
            raise UserError(f"the {role} {path.name} is no longer where it was when the run began; {RESTORE}")
        return
    if before is not None and sha256(path) != before.get("sha256"):
        raise UserError(f"the {role} {path.name} has changed since the run began; {RESTORE}")
