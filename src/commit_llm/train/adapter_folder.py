"""An adapter folder of PEFT's in the place of a model: where its base is, and whether it was trained beside that."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commit_llm.convert.peft_configuration import CONFIGURATION_FILE
from commit_llm.convert.peft_tensors import adapter_file
from commit_llm.errors import UserError, shown
from commit_llm.files.provenance import sha256
from commit_llm.model.adapter import Adapter
from commit_llm.model.config import ModelConfig
from commit_llm.runs.run import BASE, PROVENANCE, WEIGHTS, read_provenance


@dataclass(frozen=True)
class AdapterFolder:
    """Say where an adapter is, and what it holds.

    base: the name of its base: a folder or an id of the hub.
    base_config: that of the base alone, whose head may be its embedding where the adapter has one of its own.
    """

    folder: Path
    adapter: Adapter
    base: str
    base_config: ModelConfig

    def with_file(self, *names: str) -> Path | None:
        """Give the folder where it has one of these files."""
        return self.folder if any((self.folder / name).is_file() for name in names) else None

    def files(self) -> list[Path]:
        """List the files that tell the adapter from others."""
        return [self.folder / CONFIGURATION_FILE, adapter_file(self.folder)]

    def require_recorded_base(self, files: Mapping[str, Path]) -> None:
        """Raise UserError where an adapter that COMMIT exported was trained beside other weights than these.

        files: those of the base's weights, by name. An adapter from elsewhere says nothing of its base's content.
        """
        if not (self.folder / PROVENANCE).is_file():
            return
        recorded = read_provenance(self.folder)
        base, weights = recorded.get(BASE), recorded.get(WEIGHTS)
        if "commit_llm" not in recorded or base is None:
            return
        hashes = weights.get("sha256") if isinstance(weights, dict) else None
        if not isinstance(base, dict) or not isinstance(hashes, dict) or not hashes:
            raise UserError(
                f"{self.folder / PROVENANCE}: malformed: does not name the base of the adapter; export it "
                "again, or take the file away, and what it was trained on is not known"
            )
        now = {name: sha256(path) for name, path in files.items()}
        for name in {**hashes, **now}:
            if hashes.get(name) != now.get(name):
                raise UserError(
                    f"{self.folder}: its base was {shown(base.get('model'))}, with {name} of SHA-256 "
                    f"{_short(hashes.get(name))}, and {shown(self.base)} has {_short(now.get(name))}; put its "
                    f"former base there, or name that in {CONFIGURATION_FILE}"
                )


def _short(digest: Any) -> str:
    return "no such file" if digest is None else f"{str(digest)[:16]}..."


def is_adapter(folder: Path) -> bool:
    """Say whether a folder is an adapter of PEFT's; where weights of a whole model lie beside it, as PEFT takes it."""
    return (folder / CONFIGURATION_FILE).is_file()


def local_base(folder: Path, name: str) -> Path | None:
    """Find the folder of an adapter's base: as a path from here, or from the adapter's folder; else None."""
    return next((path for path in (Path(name), folder / name) if _is_dir(path)), None)


def _is_dir(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # longer than a path may be, or in a folder of others
        return False
