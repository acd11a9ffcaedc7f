"""What a run trains on, opened again to be looked at: its records, tokenizer and mixer. Needs no jax."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.data.loader import ExampleMaker, make_mixer
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import SUFFIXES, Record, load_data
from commit_llm.files.whole import sha256
from commit_llm.recipes import Recipe, files_of
from commit_llm.runs.run import MODEL


def open_sources(run: Path, recipe: Recipe, files: Mapping[str, Any]) -> ExampleMaker:
    """The maker of a run's examples. files: those that the run's provenance.json tells of, by what they are.

    Raises UserError, which names files without their folders, where one is gone or has changed since the run began,
    or cannot be read; or the hub cannot be reached.
    """
    for role, path in files_of(recipe):
        _require_same(role, path, files.get(role))
    paths = [str(run), *(str(path) for _, path in files_of(recipe) if path.exists())]
    try:
        mixer = make_mixer(recipe)
        return ExampleMaker(recipe, _records(recipe), load_tokenizer(run / MODEL), mixer)
    except UserError as error:
        told = error.for_command()
        for name in sorted(paths, key=len, reverse=True):
            told = told.replace(name, Path(name).name)
        raise UserError(told) from None
    except OSError as error:
        raise UserError(f"{Path(error.filename or 'a file').name}: {error.strerror or 'cannot be read'}") from None


def _records(recipe: Recipe) -> Sequence[Record]:
    name = str(recipe.data)
    try:
        return load_data(name, recipe.data_config, recipe.data_split)
    except UserError:
        if Path(name).exists():
            raise
        raise UserError(f"the data set {name} cannot be loaded from the hub here") from None  # its reasons hold paths


def _require_same(role: str, path: Path, known: Any) -> None:
    """Raise UserError where a file is no longer what it was; a hub data set has no file to look at."""
    known = known if isinstance(known, dict) else None
    if not path.is_file():
        if known is not None or path.suffix in SUFFIXES or role != "data":
            raise UserError(f"the {role} {path.name} is no longer where it was when the run began")
        return
    if known is not None and sha256(path) != known.get("sha256"):
        raise UserError(f"the {role} {path.name} has changed since the run began")
