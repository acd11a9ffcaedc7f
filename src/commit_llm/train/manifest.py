"""The manifest of a checkpoint: its files with their sizes and checksums, written when all of them stand.

A process sums up the files that it wrote itself. A run may go on on another mesh, so it is files that are compared, and
not arrays. The manifest stands in the checkpoint's folder, and goes where that goes.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from commit_llm.errors import UserError, reason_of
from commit_llm.files.checksum import NAME, checksum
from commit_llm.files.json_text import parse_json
from commit_llm.files.whole import json_text, whole_file
from commit_llm.parallel.processes import count, from_all, index, is_first

MANIFEST = "manifest.json"
BYTES = "bytes"
# In the last part of a path or in a folder of it, where Orbax writes by process.
BY_PROCESS = re.compile(r"(?:^|/|\.)process_(\d+)(?:/|$)")

# Path within the checkpoint -> bytes and checksum.
Entries = dict[str, dict[str, Any]]


def write_manifest(folder: Path) -> None:
    """Write the manifest of a checkpoint that is whole. All processes call it together, each in any one thread."""
    folder.stat()  # where there is no checkpoint, none is made of its manifest
    own = {name: _entry(folder / name) for name in _names(folder) if _owner(name) == index()}
    parts = from_all(f"manifest of {folder.name}", own)
    if is_first():
        entries = {name: entry for part in parts for name, entry in part.items()}
        with whole_file(folder / MANIFEST, overwrite=True) as new:
            new.write_text(_text_of(entries), encoding="utf-8")


def has_manifest(folder: Path) -> bool:
    """Say whether a checkpoint has a manifest: none was written by earlier versions, or where a kill came before it."""
    return (folder / MANIFEST).exists()


def damage(folder: Path, items: Collection[str] | None = None, share: int = 0, shares: int = 1) -> str | None:
    """Say what of a checkpoint has changed since it was written; None where all is, or where it has no manifest.

    items: the folders in it that are looked at, besides the files that are in none; None for all.
    share, shares: the part of the files whose bytes are read, of how many parts. Sizes are those of all files.
    """
    if not has_manifest(folder):
        return None

    def among_items(name: str) -> bool:
        item, slash, _ = name.partition("/")
        return items is None or not slash or item in items

    try:
        entries = {name: entry for name, entry in _read(folder / MANIFEST).items() if among_items(name)}
        there = {name for name in _names(folder) if among_items(name)}
        if missing := sorted(entries.keys() - there):
            return f"{missing[0]} is missing"
        if added := sorted(there - entries.keys()):
            return f"{added[0]} is not in its {MANIFEST}"
        by_size = sorted(entries, key=lambda name: (-entries[name][BYTES], name))
        for name in by_size:
            size = (folder / name).stat().st_size
            if size != entries[name][BYTES]:
                return f"{name} has {size:,} bytes, not {entries[name][BYTES]:,}"
        for name in by_size[share::shares]:
            if checksum(folder / name) != entries[name][NAME]:
                return f"{name} has changed since it was written"
    except (OSError, UserError) as error:
        return reason_of(error)
    return None


def _read(path: Path) -> Entries:
    """Read a manifest. Raises UserError where it is not, byte for byte, one that `write_manifest` wrote."""
    raw = path.read_bytes()
    try:
        entries: Entries = parse_json(raw.decode("utf-8"), path)["files"]
        sized = all(type(entry[BYTES]) is int and type(entry[NAME]) is str for entry in entries.values())
        whole = sized and _text_of(entries).encode("utf-8") == raw
    except (UserError, ValueError, LookupError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise UserError(f"{path.name} has changed since it was written")
    return entries


def _text_of(entries: Entries) -> str:
    return json_text({"files": dict(sorted(entries.items()))})


def _names(folder: Path) -> Iterator[str]:
    """List the files of a checkpoint, but for its manifest, and what a kill left beside it."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name != MANIFEST and not name.startswith(f".{MANIFEST}.partial-") and not path.is_dir():
            yield name


def _owner(name: str) -> int:
    """Give the process that wrote a file, by the numbers that Orbax gives to paths; process 0 has written all others.

    >>> _owner("params/ocdbt.process_1/d/3ab2"), _owner("params/array_metadatas/process_7"), _owner("params/_METADATA")
    (0, 0, 0)
    """
    match = BY_PROCESS.search(name)
    process = int(match[1]) if match else 0
    return process if process < count() else 0


def _entry(path: Path) -> dict[str, Any]:
    return {BYTES: path.stat().st_size, NAME: checksum(path)}
