"""Where data comes from: FILE.provenance.json beside a file says what it was made of, and under which licence."""

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PureWindowsPath
from typing import Any

from commit_llm import __version__
from commit_llm.files.records import SUFFIXES
from commit_llm.files.whole import whole_file

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


OURS = (*SUFFIXES, ".tsv", ".csv", ".model")  # of files: no id of the hub ends so


def public_name(value: str) -> str:
    """The name of a file or folder without the folders it is in, which are nobody's business.

    An id of the hub, such as `tatsu-lab/alpaca`, is shown whole.

    >>> public_name("/home/anna/data/alpaca.json"), public_name("data/el-en.txt=0.5"), public_name("tatsu-lab/alpaca")
    ('alpaca.json', 'el-en.txt=0.5', 'tatsu-lab/alpaca')
    """
    suffix = Path(value.rpartition("=")[0] or value).suffix
    owner, slash, name = value.partition("/")
    hub = slash and owner not in ("", ".", "..", "~") and name and not set("/\\") & set(name)
    return value if hub and suffix not in OURS and not Path(value).exists() else last_part(value)


def last_part(path: str) -> str:
    """Of a path, as any system writes it."""
    return (PureWindowsPath(path) if "\\" in path else Path(path)).name or path
