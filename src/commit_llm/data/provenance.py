"""Where data comes from: FILE.provenance.json beside a file says what it was made of, and under which licence."""

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from commit_llm import __version__
from commit_llm.data.files import whole_file

LIBRARIES = ("numpy", "pyarrow", "numba", "icu4py")  # ICU decides on the words of scripts without spaces
DECLARED = ("licence", "url")


def sidecar(path: Path) -> Path:
    """The file that tells where a file comes from."""
    return path.with_name(path.name + ".provenance.json")


def describe(path: Path, sha256: str) -> dict[str, Any]:
    """A file: its path as given, hash, bytes, and what its sidecar declares of licence and source.

    They are None where it has no sidecar, or one of another content.
    """
    declared = _declared(path, sha256)
    return {
        "path": str(path),
        "sha256": sha256,
        "bytes": path.stat().st_size,
        **{name: declared.get(name) for name in DECLARED},
    }


def _declared(path: Path, sha256: str) -> Mapping[str, Any]:
    try:
        told = json.loads(sidecar(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    # What `mix` wrote tells of its output by the name of the output; what `dictionary fetch` wrote, of the file itself.
    of_file = told.get("output", told)
    return of_file if isinstance(of_file, dict) and of_file.get("sha256") == sha256 else {}


def write_provenance(
    path: Path,
    *,
    source: Mapping[str, Any],
    dictionaries: Sequence[Mapping[str, Any]],
    others: Sequence[Mapping[str, Any]],
    recipe: Mapping[str, Any],
    counts: Mapping[str, int],
    output: Mapping[str, Any],
) -> None:
    """Write, whole or not at all, what a mixed file was made of, how, and by what.

    All files are described as `describe` does, with rows and pairs; recipe holds the settings.
    """
    told = {
        "commit_llm": __version__,
        "python": platform.python_version(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": dict(source),
        "dictionaries": [dict(dictionary) for dictionary in dictionaries],
        "other_files": [dict(other) for other in others],
        "recipe": dict(recipe),
        "counts": dict(counts),
        "output": dict(output),
    }
    with whole_file(path, overwrite=True) as new:
        new.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None
