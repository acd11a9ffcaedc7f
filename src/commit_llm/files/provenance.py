"""Where data comes from: FILE.provenance.json beside a file says what it was made of, and under which licence."""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PureWindowsPath
from typing import Any

from commit_llm import __version__
from commit_llm.errors import UserError
from commit_llm.files.data_format import SUFFIXES
from commit_llm.files.json_text import read_json_object
from commit_llm.files.unpacking import PACKED
from commit_llm.files.whole import whole_file

LIBRARIES = ("numpy", "pyarrow", "numba", "icu4py")  # ICU decides on the words of scripts without spaces
DECLARED = ("licence", "url")
BLOCK = 1 << 22  # bytes read at a time for a hash


def sidecar(path: Path) -> Path:
    """Name the file that says where a file comes from."""
    return path.with_name(path.name + ".provenance.json")


def sha256(path: Path, report: Callable[[int], None] = lambda read: None) -> str:
    """Compute the hex digest of a file. report is called with the number of bytes read."""
    digest, read = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            digest.update(block)
            read += len(block)
            report(read)
    return digest.hexdigest()


def describe(path: Path, digest: str) -> dict[str, Any]:
    """Describe a file: its path as given, SHA-256, bytes, and what its sidecar declares of licence and source.

    The last two are None where it has no sidecar, or one of another content.
    """
    declared = _declared(path, digest)
    return {
        "path": str(path),
        "sha256": digest,
        "bytes": path.stat().st_size,
        **{name: declared.get(name) for name in DECLARED},
    }


def _declared(path: Path, digest: str) -> Mapping[str, Any]:
    try:
        declared = read_json_object(sidecar(path))
    except (OSError, UserError):
        return {}
    # `mix` describes its output under "output"; what `dictionary fetch` writes is the description itself.
    of_file = declared.get("output", declared)
    return of_file if isinstance(of_file, dict) and of_file.get("sha256") == digest else {}


def write_provenance(
    path: Path,
    *,
    source: Mapping[str, Any],
    dictionaries: Sequence[Mapping[str, Any]],
    sentences: Sequence[Mapping[str, Any]],
    others: Sequence[Mapping[str, Any]],
    recipe: Mapping[str, Any],
    languages: Mapping[str, int],
    counts: Mapping[str, int],
    output: Mapping[str, Any],
) -> None:
    """Write, whole or not at all, what a mixed file was made of, how, and by what.

    source, dictionaries, sentences, others, output: files as `describe` has them, with their rows or pairs.
    recipe: the settings of the mixing.
    languages: how many examples are in each, where an example is in one of several; else empty.
    counts: what became of the words.
    """
    provenance = {
        "commit_llm": __version__,
        "python": platform.python_version(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "input": dict(source),
        "dictionaries": [dict(dictionary) for dictionary in dictionaries],
        "sentences": [dict(file) for file in sentences],
        "other_files": [dict(other) for other in others],
        "recipe": dict(recipe),
        "languages": dict(languages),
        "counts": dict(counts),
        "output": dict(output),
    }
    with whole_file(path, overwrite=True) as new:
        new.write_text(json.dumps(provenance, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


FILE_SUFFIXES = (*SUFFIXES, *PACKED, ".model")  # no id of the hub ends so


def public_name(value: str) -> str:
    """Give the name of a file or folder without the folders it is in, which are nobody's business.

    An id of the hub, such as `tatsu-lab/alpaca`, is shown whole.

    >>> public_name("/home/anna/data/alpaca.json"), public_name("data/el-en.txt=0.5"), public_name("tatsu-lab/alpaca")
    ('alpaca.json', 'el-en.txt=0.5', 'tatsu-lab/alpaca')
    """
    suffix = Path(value.rpartition("=")[0] or value).suffix.lower()
    owner, slash, name = value.partition("/")
    is_hub_id = slash and owner not in ("", ".", "..", "~") and name and not set("/\\") & set(name)
    return value if is_hub_id and suffix not in FILE_SUFFIXES and not Path(value).exists() else last_part(value)


def last_part(path: str) -> str:
    """Give the last part of a path, as any system writes it."""
    return (PureWindowsPath(path) if "\\" in path else Path(path)).name or path
