"""Which weights a model has, by the content of their files: the same in all processes, and where a run goes on."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.convert.huggingface import tensor_names
from commit_llm.convert.weight_files import weight_files
from commit_llm.errors import UserError
from commit_llm.files.provenance import sha256
from commit_llm.parallel.processes import SAME_FILES, count, from_first, require_same, together
from commit_llm.runs.run import CHECKPOINTS, WEIGHTS, read_provenance
from commit_llm.train.checkpoint import Checkpoints
from commit_llm.train.manifest import MANIFEST, has_manifest
from commit_llm.train.model_source import FoundModel, ModelSource


class WeightsIdentity(NamedTuple):
    """Say which weights a model has.

    step: of the checkpoint, where the model is a run.
    hashes: SHA-256 of the files of weights, by name; of a checkpoint that of its manifest, which has those of the rest.
    """

    step: int | None
    hashes: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Give what the provenance.json of a run keeps."""
        return {"step": self.step, "sha256": self.hashes}


def agree_on_weights(source: ModelSource, step: int | None = None, *, hashed: bool = False) -> WeightsIdentity:
    """Find out which weights all processes are to read. All call it together, before they read them.

    step: of the checkpoint of a run. None: the newest that process 0 sees.
    hashed: whether to read the files for their hashes also where there is one process.

    Raises UserError in every process where one of them has other weights, or another configuration.
    """
    with together("checkpoint"):
        if source.run is not None:
            with Checkpoints(source.run) as checkpoints:
                step = checkpoints.chosen(step)
    step = from_first("checkpoint of the model", step)
    several = count() > 1
    with together("weights"):
        files = _files(source, step) if hashed or several else []
        identity = WeightsIdentity(step, {name: sha256(path) for name, path in files})
    if several:
        named = {f"{source.name}/{name}": digest for name, digest in identity.hashes.items()}
        require_same("model", {"commit": source.commit} | named | dataclasses.asdict(source.config), SAME_FILES)
    return identity


def require_begun_weights(run: Path, source: ModelSource) -> WeightsIdentity:
    """Give the weights that a run began with. Raises UserError where the model has others now."""
    step, before = kept_weights(run)
    identity = agree_on_weights(source, step, hashed=True)
    if before is None:  # the run is of a version that kept none
        return identity
    if name := _first_change(before, identity.hashes):
        then, now = _short(before.get(name)), _short(identity.hashes.get(name))
        raise UserError(
            f"{run}: the weights of {source.name} have changed since the run began ({name}; SHA-256 then {then}, now "
            f"{now}); restore them, or choose another --out"
        )
    return identity


def kept_weights(run: Path) -> tuple[int | None, dict[str, str] | None]:
    """Give step and hashes of the weights that a run began with; None for what its provenance.json does not say."""
    kept = read_provenance(run).get(WEIGHTS)
    step, hashes = (kept.get("step"), kept.get("sha256")) if isinstance(kept, dict) else (None, None)
    is_known = isinstance(hashes, dict) and all(isinstance(digest, str) for digest in hashes.values())
    return step if type(step) is int else None, hashes if is_known else None


def digests(hashes: Mapping[str, str]) -> str:
    """Write the beginning of the hashes of at most two files, for messages."""
    return ", ".join(f"{file} {_short(digest)}" for file, digest in sorted(hashes.items())[:2])


def _short(digest: str | None) -> str:
    return "no such file" if digest is None else f"{digest[:16]}..."


def changed_weights(source: FoundModel, step: int | None, before: Mapping[str, str]) -> str | None:
    """Name a file of a model's weights that is not what it was; None where all are. Each process looks for itself."""
    return _first_change(before, {name: sha256(path) for name, path in _files(source, step)})


def _first_change(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    return next((name for name in {**before, **now} if before.get(name) != now.get(name)), None)


def _files(source: ModelSource | FoundModel, step: int | None) -> list[tuple[str, Path]]:
    """List the files that tell a model's weights from others, with their names within the model."""
    if source.run is None:
        adapter, config = source.adapter, source.config if source.adapter is None else source.adapter.base_config
        files = [(path.name, path) for path in weight_files(source.folder, tensor_names(config))]
        return files if adapter is None else [*files, *[(f"adapter/{path.name}", path) for path in adapter.files()]]
    folder = source.run / CHECKPOINTS / str(step)
    if has_manifest(folder):
        paths = [folder / MANIFEST]
    else:
        paths = sorted(path for path in (folder / "params").rglob("*") if path.is_file())
    return [(path.relative_to(source.run).as_posix(), path) for path in paths]
